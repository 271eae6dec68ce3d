// XLM-RoBERTa, RoBERTa in a hundred languages. https://arxiv.org/abs/1911.02116
#include "importers/huggingface/roberta.h"

namespace nacre {
namespace {

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) { return build_roberta(checkpoint, head, "XLMRoberta"); }

}  // namespace

extern const Architecture architecture_xlm_roberta;
const Architecture architecture_xlm_roberta{.model_type = "xlm-roberta", .prefix = "XLMRoberta", .build = build};

}  // namespace nacre
