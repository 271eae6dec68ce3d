// data2vec for text: RoBERTa by another training. https://arxiv.org/abs/2202.03555
#include "importers/huggingface/roberta.h"

namespace nacre {
namespace {

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
  return build_roberta(checkpoint, head, "Data2VecText", "data2vec_text.");
}

}  // namespace

extern const Architecture architecture_data2vec_text;
const Architecture architecture_data2vec_text{.model_type = "data2vec-text", .prefix = "Data2VecText", .build = build};

}  // namespace nacre
