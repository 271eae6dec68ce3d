// Gemma 2: bent scores, and every other layer sees a window. https://arxiv.org/abs/2408.00118
#include "importers/huggingface/decoder.h"

namespace nacre {
namespace {

constexpr DecoderTraits kTraits{
    .unit_offset = true, .sandwich = true, .scaled_words = true, .slides = [](const Json&, int64_t layer) -> Result<bool> {
      return layer % 2 == 0;
    }};

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
  return build_decoder(checkpoint, head, "Gemma2", kTraits, [](Encoder& e) { decode(e, kTraits); });
}

}  // namespace

extern const Architecture architecture_gemma2;
const Architecture architecture_gemma2{.model_type = "gemma2", .prefix = "Gemma2", .build = build};

}  // namespace nacre
