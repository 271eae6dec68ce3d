// I-BERT before it is quantised: RoBERTa. https://arxiv.org/abs/2101.01321, transformers/models/ibert/modeling_ibert.py
#include "importers/huggingface/roberta.h"

namespace nacre {
namespace {

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
  if (NACRE_TRY(checkpoint.config().boolean("quant_mode", false)))
    return fail(ErrorCode::unsupported, "quant_mode is true, expected false");
  return build_roberta(checkpoint, head, "IBert", "ibert.");
}

}  // namespace

extern const Architecture architecture_ibert;
const Architecture architecture_ibert{.model_type = "ibert", .prefix = "IBert", .build = build};

}  // namespace nacre
