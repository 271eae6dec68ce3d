// mT5, T5 in a hundred languages: the encoder alone. https://arxiv.org/abs/2010.11934
#include "importers/huggingface/t5.h"

namespace nacre {
namespace {

constexpr T5Traits kTraits{.feed_forward = "gated-gelu"};

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
  return build_t5(checkpoint, head, "MT5", kTraits, [](Encoder& e) { encode_t5(e, kTraits); });
}

}  // namespace

extern const Architecture architecture_mt5;
const Architecture architecture_mt5{.model_type = "mt5", .prefix = "MT5", .build = build};

}  // namespace nacre
