// What a text becomes: one entry per token in each list.
//
//     Encoding encoding = NACRE_TRY(tokenizer.encode("Hello, world!"));
//     for (size_t i = 0; i < encoding.size(); ++i) use(encoding.ids[i], encoding.tokens[i], encoding.offsets[i]);
//     for (const Encoding& rest : encoding.overflow) ...        // what truncation cut off, in windows
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "text/normalized.h"

namespace nacre {

class Json;

/// The tokens of one text among those of several, special ones left out.
struct SequenceRange {
  uint32_t sequence;
  ByteRange tokens;
};

struct Encoding {
  std::vector<uint32_t> ids, type_ids;
  std::vector<std::string_view> tokens;  ///< views into the tokenizer, valid as long as it lives unchanged
  std::vector<ByteRange> offsets;        ///< in code points of the text; {0, 0} for what no text stands behind
  std::vector<ByteRange> byte_offsets;   ///< in bytes of it
  std::vector<int32_t> word_ids;         ///< -1: none
  std::vector<int32_t> sequence_ids;     ///< 0 and 1 for the two texts of a pair, -1: none; empty until write_sequence_ids
  std::vector<uint8_t> special_tokens_mask, attention_mask;
  std::vector<SequenceRange> sequence_ranges;  ///< what sequence_ids are written from
  std::vector<Encoding> overflow;
  std::shared_ptr<const std::string> pad_token;                       ///< what `tokens` of padding view
  std::vector<std::shared_ptr<const std::deque<std::string>>> texts;  ///< what those view that are not the tokenizer's

  size_t size() const noexcept { return ids.size(); }
  void reserve(size_t count);
  /// All tokens are of that text; windows are asked one by one.
  void set_sequence(uint32_t sequence) { set_sequence(sequence, {0, static_cast<uint32_t>(size())}); }
  void set_sequence(uint32_t sequence, ByteRange range);
  /// Makes sequence_ids of the ranges, in the windows too. As the reference: with no range at all every token is of text 0.
  void write_sequence_ids();
  /// A token that stands for no text.
  void push_special(uint32_t id, std::string_view token, uint32_t type_id);
  /// Tokens [begin, end), without overflow.
  Encoding slice(size_t begin, size_t end) const;

  // Between tokens, words and characters (code points) of one sequence; ranges are half-open.
  std::optional<size_t> char_to_token(uint32_t character, int32_t sequence = 0) const;
  std::optional<uint32_t> char_to_word(uint32_t character, int32_t sequence = 0) const;
  std::optional<ByteRange> token_to_chars(size_t token) const;
  std::optional<ByteRange> word_to_tokens(uint32_t word, int32_t sequence = 0) const;
  std::optional<ByteRange> word_to_chars(uint32_t word, int32_t sequence = 0) const;

  /// `other` behind this one; windows are combined with each other and with the whole of the other, as the reference does.
  void append(const Encoding& other);
};

enum class Side : uint8_t { right, left };
/// "direction" of truncation and padding.
Result<Side> load_side(const Json& json);

/// Cutting to a length; what is cut off becomes `overflow`.
struct Truncation {
  enum class Strategy : uint8_t { longest_first, only_first, only_second };
  size_t max_length = 512;  ///< special tokens included
  size_t stride = 0;        ///< tokens that neighbouring windows share
  Strategy strategy = Strategy::longest_first;
  Side direction = Side::right;  ///< where tokens are cut off
  static Result<Truncation> load(const Json& json);
};

struct Padding {
  std::optional<size_t> length;  ///< none: the longest of the batch
  size_t multiple_of = 1;
  Side direction = Side::right;
  uint32_t id = 0, type_id = 0;
  std::string token = "[PAD]";
  static Result<Padding> load(const Json& json);
};

/// `added`: special tokens that will be put around, which count.
Result<void> truncate(Encoding& first, Encoding* second, const Truncation& truncation, size_t added);
/// To one length.
void pad(std::span<Encoding> encodings, const Padding& padding);

}  // namespace nacre
