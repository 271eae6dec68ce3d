// Qwen 2 and 2.5. https://arxiv.org/abs/2407.10671, transformers/models/qwen2/modeling_qwen2.py
#include "importers/huggingface/decoder.h"

namespace nacre {
namespace {

constexpr DecoderTraits kTraits{.slides = slides_behind_full_layers};

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
  return build_decoder(checkpoint, head, "Qwen2", kTraits, [](Encoder& e) { decode(e, kTraits); });
}

}  // namespace

extern const Architecture architecture_qwen2;
const Architecture architecture_qwen2{.model_type = "qwen2", .prefix = "Qwen2", .build = build};

}  // namespace nacre
