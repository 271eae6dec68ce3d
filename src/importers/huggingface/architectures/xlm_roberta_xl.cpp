// XLM-RoBERTa XL and XXL: the norms before attention and feed-forward, none behind the tables. https://arxiv.org/abs/2105.00572
#include "importers/huggingface/roberta.h"

namespace nacre {
namespace {

constexpr LayerNames kNames{"attention.self.query",           "attention.self.key", "attention.self.value", "attention.output.dense",
                            "attention.self_attn_layer_norm", "intermediate.dense", "output.dense",         "LayerNorm"};

void encode(Encoder& e) {
  e.x = e.b.reshape(roberta_tables(e), {-1, e.c.embedding});
  e.pre_norm_layers("encoder.layer.", kNames, "encoder.LayerNorm");
}

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
  const EncoderConfig config = NACRE_TRY(read_encoder_config(checkpoint.config()));
  return build_encoder({checkpoint, config, "roberta.", "XLMRobertaXL"}, head, roberta_heads(), encode);
}

}  // namespace

extern const Architecture architecture_xlm_roberta_xl;
const Architecture architecture_xlm_roberta_xl{.model_type = "xlm-roberta-xl", .prefix = "XLMRobertaXL", .build = build};

}  // namespace nacre
