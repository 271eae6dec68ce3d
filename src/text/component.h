// The parts a tokenizer is put together from, as tokenizer.json names them. Each part is one file that defines a row:
//
//     extern const NormalizerType normalizer_nfd;
//     const NormalizerType normalizer_nfd{.type = "NFD", .load = load};
//
// in normalizers/nfd.cpp; the tables are collected by cmake/NacreRegistry.cmake. Parts are immutable after loading.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "io/json.h"
#include "text/encoding.h"
#include "text/normalized.h"
#include "text/vocabulary.h"

namespace nacre {

class Normalizer {
 public:
  virtual ~Normalizer() = default;
  virtual void apply(Normalized& text) const = 0;
};

/// A stretch of text between added tokens, and the words it falls into (bytes of the normalised text).
struct Section {
  Normalized text;
  std::vector<ByteRange> words;
  std::vector<ByteRange> next_words;  // where pre-tokenizers write before they swap
  bool at_start = true;               // of the whole text
  bool bytes_as_characters = false;   // each byte stands for its character of the byte alphabet, which is not written out yet
  /// Writes them out.
  void write_characters();
};

class PreTokenizer {
 public:
  virtual ~PreTokenizer() = default;
  /// Splits the words further; may rewrite the text.
  virtual void split(Section& section) const = 0;
};

/// A token and the bytes of the section's text that it stands for.
struct Piece {
  uint32_t id;
  ByteRange range;
  uint32_t word;            // index into the words
  bool shows_text = false;  // its token is the text itself, not the vocabulary's: Unigram shows what it does not know
};

class TokenModel {
 public:
  virtual ~TokenModel() = default;
  virtual Result<void> tokenize(std::string_view text, const std::vector<ByteRange>& words, std::vector<Piece>& out) const = 0;
  virtual const Vocabulary& vocabulary() const = 0;
  /// True: takes the bytes of Section::bytes_as_characters as they are.
  virtual bool reads_bytes() const { return false; }
  virtual Result<void> tokenize_bytes(std::string_view text, const std::vector<ByteRange>& words, std::vector<Piece>& out) const {
    return tokenize(text, words, out);
  }
};

class PostProcessor {
 public:
  virtual ~PostProcessor() = default;
  /// Special tokens that will be added around one text or two.
  virtual size_t added(bool pair) const = 0;
  /// Changes the one or two encodings, or replaces them by more; all are joined afterwards. False leaves special tokens out.
  virtual Result<void> apply(std::vector<Encoding>& encodings, bool add_special_tokens) const = 0;
};

class Decoder {
 public:
  virtual ~Decoder() = default;
  /// Tokens to pieces of text, which are joined afterwards.
  virtual Result<void> apply(std::vector<std::string>& tokens) const = 0;
};

template <class Part>
struct PartType {
  std::string_view type;  ///< as the file's "type" has it
  Result<std::unique_ptr<const Part>> (*load)(const Json& settings);
};
using NormalizerType = PartType<Normalizer>;
using PreTokenizerType = PartType<PreTokenizer>;
using ModelType = PartType<TokenModel>;
using PostProcessorType = PartType<PostProcessor>;
using DecoderType = PartType<Decoder>;

// By the "type" member. Fails (unsupported) on an unknown one, listing the known.
Result<std::unique_ptr<const Normalizer>> load_normalizer(const Json& settings);
Result<std::unique_ptr<const PreTokenizer>> load_pre_tokenizer(const Json& settings);
Result<std::unique_ptr<const TokenModel>> load_model(const Json& settings);
Result<std::unique_ptr<const PostProcessor>> load_post_processor(const Json& settings);
Result<std::unique_ptr<const Decoder>> load_decoder(const Json& settings);

}  // namespace nacre
