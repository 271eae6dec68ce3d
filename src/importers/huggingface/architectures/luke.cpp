// LUKE where it reads words and no entities: RoBERTa, whose texts are classified by BERT's pooler.
// https://arxiv.org/abs/2010.01057, transformers/models/luke/modeling_luke.py
#include "importers/huggingface/roberta.h"

namespace nacre {
namespace {

/// RoBERTa's heads but for one.
std::vector<Head> heads() {
  std::vector<Head> out(roberta_heads().begin(), roberta_heads().end());
  for (Head& head : out)
    if (head.name == "ForSequenceClassification") head.build = [](Encoder& e) { e.sequence_logits(e.pooled(), "classifier"); };
  return out;
}

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
  const EncoderConfig config = NACRE_TRY(read_encoder_config(checkpoint.config()));
  return build_encoder({checkpoint, config, "luke.", "Luke"}, head, heads(), encode_roberta);
}

}  // namespace

extern const Architecture architecture_luke;
const Architecture architecture_luke{.model_type = "luke", .prefix = "Luke", .build = build};

}  // namespace nacre
