// BART, which mBART is with the norms before instead of behind: an encoder, and a decoder that reads the same text shifted by a token.
// Classifiers stand on the decoder's vectors.
//
//     constexpr BartTraits kTraits{.pre_norm = true, .wraps = true};
//     Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
//       return build_bart(checkpoint, head, "MBart", [](Encoder& e) { run_bart(e, kTraits); });
//     }
#pragma once

#include "importers/huggingface/encoder.h"

namespace nacre {

struct BartTraits {
  bool pre_norm = false;  ///< norms before attention and feed-forward, and one behind all layers
  bool wraps = false;     ///< the decoder starts with the text's last token instead of decoder_start_token_id
};

/// x becomes the decoder's hidden states.
void run_bart(Encoder& e, const BartTraits& traits);
Result<Graph> build_bart(const Checkpoint& checkpoint, std::string_view head, std::string_view class_prefix, void (*body)(Encoder&));

}  // namespace nacre
