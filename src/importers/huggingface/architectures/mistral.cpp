// Mistral: every layer sees a window, where the file has one. https://arxiv.org/abs/2310.06825
#include "importers/huggingface/decoder.h"

namespace nacre {
namespace {

constexpr DecoderTraits kTraits{.slides = [](const Json&, int64_t) -> Result<bool> { return true; }};

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
  return build_decoder(checkpoint, head, "Mistral", kTraits, [](Encoder& e) { decode(e, kTraits); });
}

}  // namespace

extern const Architecture architecture_mistral;
const Architecture architecture_mistral{.model_type = "mistral", .prefix = "Mistral", .build = build};

}  // namespace nacre
