// MPNet: RoBERTa's positions without token types, and a learned bias by relative position that all layers share.
// https://arxiv.org/abs/2004.09297, transformers/models/mpnet/modeling_mpnet.py
#include "importers/huggingface/relative.h"
#include "importers/huggingface/roberta.h"

namespace nacre {
namespace {

constexpr LayerNames kNames{"attention.attn.q",    "attention.attn.k",   "attention.attn.v", "attention.attn.o",
                            "attention.LayerNorm", "intermediate.dense", "output.dense",     "output.LayerNorm"};

void encode(Encoder& e) {
  e.open();
  const Result<int64_t> pad = e.json.integer("pad_token_id", 1);
  if (!pad) return e.net.fail_with(pad.error());
  e.x = e.embed("embeddings", e.places_behind_padding(*pad), kAbsent);
  const Result<int64_t> buckets = e.json.integer("relative_attention_num_buckets", 32);
  if (!buckets) return e.net.fail_with(buckets.error());
  e.mask = e.b.add(e.mask, relative_bias(e, "encoder.relative_attention_bias", {.buckets = *buckets}));
  e.post_norm_layers("encoder.layer.", kNames);
}

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
  return build_encoder({checkpoint, NACRE_TRY(read_encoder_config(checkpoint.config())), "mpnet.", "MPNet"}, head, roberta_heads(), encode);
}

}  // namespace

extern const Architecture architecture_mpnet;
const Architecture architecture_mpnet{.model_type = "mpnet", .prefix = "MPNet", .build = build};

}  // namespace nacre
