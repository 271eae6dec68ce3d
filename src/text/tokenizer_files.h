// What stands beside a vocabulary when there is no tokenizer.json: tokenizer_config.json, special_tokens_map.json,
// added_tokens.json.
//
//     const TokenizerSettings settings = NACRE_TRY(TokenizerSettings::read("models/old"));
//     if (const AddedToken* mask = settings.role("mask_token")) ...
//     std::string json = NACRE_TRY(json_of_vocab_txt(text, settings));      // for Tokenizer::parse
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/function_ref.h"
#include "text/added_tokens.h"

namespace nacre {

struct TokenizerSettings {
  bool lower_case = true, ideographs = true, add_prefix_space = false;
  std::optional<bool> strip_accents, keep_accents, lower_pieces, add_bos, add_eos, pieces_prefix, legacy;
  bool split_by_punctuation = false;
  bool found = false;     ///< any of the files
  int64_t sentinels = 0;  ///< T5's extra_ids
  std::string word_delimiter;
  std::string model_type;                                ///< of config.json
  int64_t start_id = -1;                                 ///< its bos_token_id
  std::string start = "<s>", end = "</s>";               ///< of texts, as a SentencePiece model names them
  std::map<std::string, AddedToken, std::less<>> roles;  ///< "unk_token" and so on
  std::vector<AddedToken> additional;                    ///< ones without a role, most of them special
  std::map<int64_t, AddedToken> by_id;                   ///< those whose ids the files give

  /// Files that are not there are left out.
  static Result<TokenizerSettings> read(const std::string& directory);
  const AddedToken* role(std::string_view name) const noexcept;
  /// The role's token, or one that the caller takes for granted.
  std::string role_or(std::string_view name, std::string_view fallback) const;
  /// All of them, those with ids first and in their order.
  std::vector<AddedToken> tokens() const;

 private:
  Result<void> read_config(const Json& json);
  Result<void> read_roles(const Json& json);
  Result<void> read_model(const Json& json);
  Result<void> read_ids(const Json& json);
};

/// What a tokenizer without tokenizer.json was made from.
enum class VocabularyFiles { word_piece, byte_level, clip, sentencepiece, fairseq, characters };

// tokenizer.json for a vocabulary, without added tokens and post-processor.
Result<std::string> json_of_vocab_txt(std::string_view text, const TokenizerSettings& settings);
Result<std::string> json_of_merges(std::string_view vocab_json, std::string_view merges, const TokenizerSettings& settings);
Result<std::string> json_of_characters(std::string_view vocab_json, const TokenizerSettings& settings);

/// What is put around a text, as a post-processor's settings; empty for nothing. `find` gives the id of a token.
std::string post_processor_json(VocabularyFiles files, const TokenizerSettings& settings,
                                FunctionRef<std::optional<uint32_t>(std::string_view)> find);

}  // namespace nacre
