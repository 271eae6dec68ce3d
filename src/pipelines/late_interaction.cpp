#include "pipelines/late_interaction.h"

#include <algorithm>

namespace nacre {
namespace {

Result<uint32_t> marker_id(const Tokenizer& tokenizer, const std::string& marker) {
  if (const auto id = tokenizer.find(marker)) return *id;
  return fail(ErrorCode::invalid_model, "the tokenizer has no marker ", json_quoted(marker));
}

/// The skipped words' ids. PyLate takes the unknown token for words that are none.
Result<std::set<uint32_t>> skipped_ids(const LateInteraction& settings, const Tokenizer& tokenizer) {
  std::set<uint32_t> out;
  for (const std::string& word : settings.skipped) {
    if (settings.skips_texts) {
      const Encoding encoding = NACRE_TRY(tokenizer.encode(word, {.add_special_tokens = false}));
      if (encoding.size() > 0) out.insert(encoding.ids[0]);
    } else if (const auto id = tokenizer.find(word) ? tokenizer.find(word) : tokenizer.unknown_id()) {
      out.insert(*id);
    }
  }
  return out;
}

/// The encoding with a token in the second place.
Encoding with_marker(const Encoding& encoding, uint32_t id, std::string_view token) {
  const size_t place = std::min<size_t>(encoding.size(), 1);
  Encoding out = encoding.slice(0, place);
  out.push_special(id, token, 0);
  out.append(encoding.slice(place, encoding.size()));
  out.overflow = encoding.overflow;
  return out;
}

}  // namespace

Result<LateTokens> LateTokens::make(const LateInteraction& settings, const TextModel& model, int64_t max_length) {
  LateTokens out;
  out.settings_ = settings;
  const int64_t positions = NACRE_TRY(usable_positions(model.config));
  if (max_length > 0) out.settings_.document_length = max_length;
  out.settings_.document_length = std::min(out.settings_.document_length, positions);
  out.settings_.query_length = std::min(settings.query_length, positions);
  out.query_marker_ = NACRE_TRY(marker_id(model.tokenizer, settings.query_marker));
  out.document_marker_ = NACRE_TRY(marker_id(model.tokenizer, settings.document_marker));
  if (settings.expands_queries) out.mask_ = *model.tokenizer.find(NACRE_TRY(model.mask_token()));
  out.skipped_ = NACRE_TRY(skipped_ids(settings, model.tokenizer));
  return out;
}

Result<std::vector<Encoding>> LateTokens::encode(const TextModel& model, std::span<const TextInput> inputs, TextRole role) const {
  const bool query = role == TextRole::query;
  const auto length = static_cast<size_t>(query ? settings_.query_length : settings_.document_length);
  const uint32_t marker = query ? query_marker_ : document_marker_;
  EncodeOptions options = model.encode_options();
  options.truncation->max_length = length - 1;
  std::vector<Encoding> out = NACRE_TRY(model.tokenizer.encode_batch(inputs, options));
  for (Encoding& encoding : out) {
    encoding = with_marker(encoding, marker, model.tokenizer.token(marker));
    while (query && settings_.expands_queries && encoding.size() < length) {
      encoding.push_special(mask_, model.tokenizer.token(mask_), 0);
      encoding.attention_mask.back() = settings_.attends_to_masks;
    }
  }
  return out;
}

std::vector<size_t> LateTokens::kept(const Encoding& encoding, TextRole role) const {
  std::vector<size_t> out;
  for (size_t i = 0; i < encoding.size(); ++i)
    if (role == TextRole::query || !skipped_.contains(encoding.ids[i])) out.push_back(i);
  return out;
}

}  // namespace nacre
