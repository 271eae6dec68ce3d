// T5's encoder, which mT5 and UMT5 are by another training: no positions but biases by distance, RMS norms before attention and
// feed-forward, unscaled scores.
//
//     constexpr T5Traits kTraits{.feed_forward = "gated-gelu"};
//     Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
//       return build_t5(checkpoint, head, "MT5", kTraits, [](Encoder& e) { encode_t5(e, kTraits); });
//     }
#pragma once

#include "importers/huggingface/encoder.h"

namespace nacre {

struct T5Traits {
  bool own_biases = false;                 ///< each layer has its own, as in UMT5
  std::string_view feed_forward = "relu";  ///< where the file does not say
};

Result<Graph> build_t5(const Checkpoint& checkpoint, std::string_view head, std::string_view class_prefix, const T5Traits& traits,
                       void (*body)(Encoder&));
/// x becomes the hidden states of the encoder.
void encode_t5(Encoder& e, const T5Traits& traits);

}  // namespace nacre
