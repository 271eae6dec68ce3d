// UMT5: mT5 whose layers have biases by distance of their own; the encoder alone. https://arxiv.org/abs/2304.09151
#include "importers/huggingface/t5.h"

namespace nacre {
namespace {

constexpr T5Traits kTraits{.own_biases = true, .feed_forward = "gated-gelu"};

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
  return build_t5(checkpoint, head, "UMT5", kTraits, [](Encoder& e) { encode_t5(e, kTraits); });
}

}  // namespace

extern const Architecture architecture_umt5;
const Architecture architecture_umt5{.model_type = "umt5", .prefix = "UMT5", .build = build};

}  // namespace nacre
