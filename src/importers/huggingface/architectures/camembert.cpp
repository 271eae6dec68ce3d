// CamemBERT, RoBERTa in French. https://arxiv.org/abs/1911.03894
#include "importers/huggingface/roberta.h"

namespace nacre {
namespace {

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) { return build_roberta(checkpoint, head, "Camembert"); }

}  // namespace

extern const Architecture architecture_camembert;
const Architecture architecture_camembert{.model_type = "camembert", .prefix = "Camembert", .build = build};

}  // namespace nacre
