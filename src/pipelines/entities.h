// Logits of tokens to entities: what remains of named entity recognition without the model.
//
//     EntityRules rules{.tokenizer = tokenizer, .labels = labels, .aggregation = Aggregation::simple, .ignored = ignored};
//     std::vector<Entity> found = entities_of(rules, text, encoding, logits);       // logits [tokens, labels]
//     if (windows > 1) found = merge_windows(std::move(found));
#pragma once

#include <span>

#include "nacre/ner.h"
#include "text/tokenizer.h"

namespace nacre {

struct EntityRules {
  const Tokenizer& tokenizer;
  std::span<const std::string> labels;
  Aggregation aggregation = Aggregation::simple;
  std::span<const std::string> ignored;
};

/// `logits` has as many rows as the window has tokens.
Result<std::vector<Entity>> entities_of(const EntityRules& rules, std::string_view text, const Encoding& window,
                                        std::span<const float> logits);

/// Of entities that overlap the longest stays, of equally long ones the one with the higher score.
std::vector<Entity> merge_windows(std::vector<Entity> entities);

}  // namespace nacre
