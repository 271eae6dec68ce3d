// The best ways to cut a text into pieces, not only the best one: what subword regularisation draws from.
//
//     auto ways = best_cuts(*pieces, normalized.text(), 4);         // ids of at most four, the best first
#pragma once

#include "text/sentencepiece/pieces.h"

namespace nacre {

/// Of a Unigram model; bytes stand in for unknown pieces as in encoding. At most 1024.
std::vector<std::vector<uint32_t>> best_cuts(const SentencePieces& pieces, std::string_view normalized, size_t count);

}  // namespace nacre
