// What ColBERT does to tokens before the encoder sees them, and which vectors it keeps.
// https://arxiv.org/abs/2004.12832, section 3.2
//
//     const LateTokens late = NACRE_TRY(LateTokens::make(settings, model));
//     std::vector<Encoding> queries = NACRE_TRY(late.encode(model, inputs, TextRole::query));
//     std::vector<size_t> kept = late.kept(encoding, TextRole::document);          // of its vectors
#pragma once

#include <set>

#include "importers/huggingface/sentence_modules.h"
#include "nacre/embed.h"
#include "pipelines/text_model.h"

namespace nacre {

class LateTokens {
 public:
  /// Fails (invalid_model) when the tokenizer has no such markers, or no mask token to expand queries with.
  static Result<LateTokens> make(const LateInteraction& settings, const TextModel& model, int64_t max_length);

  /// Cut to the role's length, with its marker in the second place; queries are filled up with masks.
  Result<std::vector<Encoding>> encode(const TextModel& model, std::span<const TextInput> inputs, TextRole role) const;
  /// Positions whose vectors count: all of a query's, and of a document those that are not on the skip list.
  std::vector<size_t> kept(const Encoding& encoding, TextRole role) const;

 private:
  LateInteraction settings_;
  uint32_t query_marker_ = 0, document_marker_ = 0, mask_ = 0;
  std::set<uint32_t> skipped_;
};

}  // namespace nacre
