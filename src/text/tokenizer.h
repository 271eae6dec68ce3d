// Text to token ids and back, as tokenizer.json describes it, equal to Hugging Face's tokenizers to the last id.
//
//     Tokenizer tokenizer = NACRE_TRY(Tokenizer::load("models/minilm"));
//     Encoding encoding = NACRE_TRY(tokenizer.encode("Hello, world!"));
//     Encoding pair = NACRE_TRY(tokenizer.encode("question", "context", {.truncation = Truncation{.max_length = 384}}));
//     std::string text = NACRE_TRY(tokenizer.decode(encoding.ids));
//
// Reading is thread-safe; nothing is shared between calls.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/added_tokens.h"
#include "text/encoding.h"

namespace nacre {

class SentencePieces;
struct TokenizerSettings;
enum class VocabularyFiles;

struct EncodeOptions {
  bool add_special_tokens = true;
  std::optional<Truncation> truncation;  ///< none: nothing is cut, whatever the file says (see stored_options)
  std::optional<Padding> padding;
  /// Ill-formed UTF-8 is an error that names the byte. True: it becomes U+FFFD first, and offsets count in that text.
  bool replace_invalid = false;
};

/// One text or two.
struct TextInput {
  std::string_view first;
  std::optional<std::string_view> second;
};

/// One text or two that are split into words already.
struct WordsInput {
  std::vector<std::string_view> first;
  std::optional<std::vector<std::string_view>> second;
};

class Tokenizer {
 public:
  /// A tokenizer.json, a SentencePiece model (*.model), or a directory. Of a directory's files the first of these counts:
  /// tokenizer.json; tokenizer.model, spiece.model and the like; vocab.json with merges.txt; vocab.txt; vocab.json alone. All but the
  /// first take special tokens and settings from tokenizer_config.json, special_tokens_map.json and added_tokens.json.
  static Result<Tokenizer> load(const std::string& path);
  static Result<Tokenizer> parse(std::string_view json);
  /// A SentencePiece model alone, as the library sentencepiece reads it.
  static Result<Tokenizer> parse_sentencepiece(std::span<const std::byte> bytes);

  Result<Encoding> encode(std::string_view text, const EncodeOptions& options = {}) const { return encode(TextInput{text, {}}, options); }
  Result<Encoding> encode(std::string_view first, std::string_view second, const EncodeOptions& options = {}) const {
    return encode(TextInput{first, second}, options);
  }
  Result<Encoding> encode(const TextInput& input, const EncodeOptions& options) const;
  /// Each word by itself; word ids count words, offsets start over in each.
  Result<Encoding> encode_words(const WordsInput& input, const EncodeOptions& options = {}) const;
  /// Pads to the longest of the batch when padding is asked for.
  Result<std::vector<Encoding>> encode_batch(std::span<const TextInput> inputs, const EncodeOptions& options = {}) const;
  /// Ids that have no token are left out. Fails (resource_exhausted) where a decoder's regular expression exceeds its limits.
  Result<std::string> decode(std::span<const uint32_t> ids, bool skip_special_tokens = true) const;

  /// Tokens to text, as the decoder joins them; without a decoder a space stands between them.
  Result<std::string> join(std::vector<std::string> tokens) const;
  /// What pieces inside a word begin with ("##"); empty where the model marks none.
  std::string_view continuing_prefix() const noexcept { return continuing_prefix_; }
  /// The id of what no other token stands for.
  std::optional<uint32_t> unknown_id() const noexcept { return unknown_id_; }

  /// Truncation and padding as the file has them.
  const EncodeOptions& stored_options() const noexcept { return stored_; }
  /// Added tokens included; empty when there is none.
  std::string_view token(uint32_t id) const noexcept;
  std::optional<uint32_t> find(std::string_view token) const noexcept;
  size_t vocabulary_size(bool with_added = true) const noexcept;
  /// How many of them are new. Views of earlier encodings' tokens end here.
  size_t add_tokens(std::vector<AddedToken> tokens);

 private:
  Tokenizer() = default;
  Result<Encoding> encode_text(std::string_view text, uint32_t type_id, const EncodeOptions& options) const;
  Result<Encoding> encode_sequence(std::span<const std::string_view> words, uint32_t type_id, const EncodeOptions& options) const;
  /// Truncates, adds special tokens, joins and pads.
  Result<Encoding> finish(std::vector<Encoding> encodings, const EncodeOptions& options) const;
  Result<void> read_marks(const Json& model);
  static Result<Tokenizer> load_parts(const std::string& directory);
  static Tokenizer of_pieces(const std::shared_ptr<const SentencePieces>& pieces, const TokenizerSettings* settings);
  static Result<Tokenizer> load_pieces(const std::string& path, TokenizerSettings& settings);
  static Result<Tokenizer> with_settings(Result<Tokenizer> made, const TokenizerSettings& settings, VocabularyFiles files,
                                         const std::string& where);

  std::unique_ptr<const Normalizer> normalizer_;
  std::unique_ptr<const PreTokenizer> pre_tokenizer_;
  std::unique_ptr<const TokenModel> model_;
  std::unique_ptr<const PostProcessor> post_processor_;
  std::unique_ptr<const Decoder> decoder_;
  AddedTokens added_;
  EncodeOptions stored_;
  std::string continuing_prefix_;
  std::optional<uint32_t> unknown_id_;
};

}  // namespace nacre
