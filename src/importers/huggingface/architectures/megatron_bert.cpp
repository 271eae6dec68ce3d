// Megatron's BERT: the norms before attention and feed-forward, none behind the tables. https://arxiv.org/abs/1909.08053
#include "importers/huggingface/encoder.h"

namespace nacre {
namespace {

constexpr LayerNames kNames{"attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense",
                            "attention.ln",         "intermediate.dense", "output.dense",         "ln"};

void encode(Encoder& e) {
  e.open();
  const Edge types = e.input("token_type_ids");
  e.x = e.b.reshape(e.embed_tables("embeddings", e.places(), types), {-1, e.c.embedding});
  e.pre_norm_layers("encoder.layer.", kNames, "encoder.ln");
}

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
  return build_encoder({checkpoint, NACRE_TRY(read_encoder_config(checkpoint.config())), "bert.", "MegatronBert"}, head, bert_heads(),
                       encode);
}

}  // namespace

extern const Architecture architecture_megatron_bert;
const Architecture architecture_megatron_bert{.model_type = "megatron-bert", .prefix = "MegatronBert", .build = build};

}  // namespace nacre
