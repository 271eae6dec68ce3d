// Qwen 3, and Qwen3-Embedding. https://arxiv.org/abs/2505.09388, transformers/models/qwen3/modeling_qwen3.py
#include "importers/huggingface/decoder.h"

namespace nacre {
namespace {

constexpr DecoderTraits kTraits{.head_norms = true, .slides = slides_behind_full_layers};

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
  return build_decoder(checkpoint, head, "Qwen3", kTraits, [](Encoder& e) { decode(e, kTraits); });
}

}  // namespace

extern const Architecture architecture_qwen3;
const Architecture architecture_qwen3{.model_type = "qwen3", .prefix = "Qwen3", .build = build};

}  // namespace nacre
