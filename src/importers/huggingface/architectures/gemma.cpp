// Gemma. https://arxiv.org/abs/2403.08295, transformers/models/gemma/modeling_gemma.py
#include "importers/huggingface/decoder.h"

namespace nacre {
namespace {

constexpr DecoderTraits kTraits{.unit_offset = true, .scaled_words = true};

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
  return build_decoder(checkpoint, head, "Gemma", kTraits, [](Encoder& e) { decode(e, kTraits); });
}

}  // namespace

extern const Architecture architecture_gemma;
const Architecture architecture_gemma{.model_type = "gemma", .prefix = "Gemma", .build = build};

}  // namespace nacre
