// RoBERTa with the norms before attention and feed-forward. transformers/models/roberta_prelayernorm/modeling_roberta_prelayernorm.py
#include "importers/huggingface/roberta.h"

namespace nacre {
namespace {

constexpr LayerNames kNames{"attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense",
                            "attention.LayerNorm",  "intermediate.dense", "output.dense",         "intermediate.LayerNorm"};

void encode(Encoder& e) {
  const Edge sum = roberta_tables(e);
  e.x = e.net.layer_norm(e.b.reshape(sum, {-1, e.c.embedding}), "embeddings.LayerNorm", e.c.embedding, e.c.epsilon);
  e.pre_norm_layers("encoder.layer.", kNames, "LayerNorm");
}

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
  const EncoderConfig config = NACRE_TRY(read_encoder_config(checkpoint.config()));
  return build_encoder({checkpoint, config, "roberta_prelayernorm.", "RobertaPreLayerNorm"}, head, roberta_heads(), encode);
}

}  // namespace

extern const Architecture architecture_roberta_prelayernorm;
const Architecture architecture_roberta_prelayernorm{.model_type = "roberta-prelayernorm", .prefix = "RobertaPreLayerNorm", .build = build};

}  // namespace nacre
