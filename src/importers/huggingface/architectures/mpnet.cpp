// MPNet: RoBERTa's positions without token types, and a learned bias by relative position that all layers share.
// https://arxiv.org/abs/2004.09297, transformers/models/mpnet/modeling_mpnet.py
#include <cmath>

#include "importers/huggingface/roberta.h"

namespace nacre {
namespace {

constexpr LayerNames kNames{"attention.attn.q",    "attention.attn.k",   "attention.attn.v", "attention.attn.o",
                            "attention.LayerNorm", "intermediate.dense", "output.dense",     "output.LayerNorm"};

/// T5's buckets, half of them for either side; distances from a quarter on share theirs by logarithm, up to 128. In float, as torch
/// computes them: the last bit decides at the borders.
int64_t bucket_of(int64_t distance, int64_t buckets) {
  const int64_t half = buckets / 2, exact = half / 2, away = std::abs(distance);
  const int64_t side = distance > 0 ? half : 0;
  if (away < exact) return side + away;
  const float share =
      std::log(static_cast<float>(away) / static_cast<float>(exact)) / static_cast<float>(std::log(128.0 / static_cast<double>(exact)));
  return side + std::min(exact + static_cast<int64_t>(share * static_cast<float>(half - exact)), half - 1);
}

/// Added to the scores: [1, heads, sequence, sequence]. A distance is the column's (the memory's) less the row's.
Edge relative_bias(Encoder& e) {
  const int64_t buckets = e.json.integer("relative_attention_num_buckets", 32).value_or(0);
  if (buckets < 4 || buckets > 4096 || e.c.positions < 1 || e.c.positions > (1 << 20))
    return e.net.fail_with(Error(ErrorCode::invalid_model, cat("relative_attention_num_buckets ", buckets))), kAbsent;
  Tensor table(DType::int64, {2 * e.c.positions + 1});
  for (int64_t i = 0; i < table.size(); ++i) table.mutable_data<int64_t>()[static_cast<size_t>(i)] = bucket_of(e.c.positions - i, buckets);
  const Edge places = e.places();
  const Edge index = e.b.add(e.distances(places, places), e.integer(e.c.positions));
  const Edge bucket = e.b.add("Gather", {e.b.constant(std::move(table)), index}, {{"axis", int64_t{0}}});
  const Edge bias = e.net.embed(bucket, "encoder.relative_attention_bias.weight", buckets, e.c.heads);
  return e.b.unsqueeze(e.b.transpose(bias, {2, 0, 1}), {0});
}

void encode(Encoder& e) {
  e.open();
  const Result<int64_t> pad = e.json.integer("pad_token_id", 1);
  if (!pad) return e.net.fail_with(pad.error());
  e.x = e.embed("embeddings", e.places_behind_padding(*pad), kAbsent);
  e.mask = e.b.add(e.mask, relative_bias(e));
  e.post_norm_layers("encoder.layer.", kNames);
}

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
  return build_encoder({checkpoint, NACRE_TRY(read_encoder_config(checkpoint.config())), "mpnet.", "MPNet"}, head, roberta_heads(), encode);
}

}  // namespace

extern const Architecture architecture_mpnet;
const Architecture architecture_mpnet{.model_type = "mpnet", .prefix = "MPNet", .build = build};

}  // namespace nacre
