// Logits over the vocabulary to fills: what remains of masked language modelling without the model.
//
//     FillRules rules{.tokenizer = tokenizer, .mask_id = 103, .pad_id = 0, .top_k = 5};
//     std::vector<std::vector<Fill>> best = fills_of(rules, ids, logits);      // logits [tokens, vocabulary]
#pragma once

#include <optional>
#include <span>

#include "nacre/fill_mask.h"
#include "text/tokenizer.h"

namespace nacre {

struct FillRules {
  const Tokenizer& tokenizer;
  uint32_t mask_id = 0;
  int64_t pad_id = 0;
  size_t top_k = 5;
  std::span<const uint32_t> targets;  ///< empty: the whole vocabulary
};

/// For each mask among the ids its best fills. `logits` has a row for each id.
Result<std::vector<std::vector<Fill>>> fills_of(const FillRules& rules, std::span<const uint32_t> ids, std::span<const float> logits);

/// Takes back the spaces that joining tokens put before punctuation and contractions, as transformers'
/// clean_up_tokenization does.
std::string clean_up_spaces(std::string text);

}  // namespace nacre
