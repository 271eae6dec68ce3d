// A text while it is being normalised, with the bytes of the original that every byte of it stands for.
//
//     Normalized text;
//     text.reset("Äb");
//     Rewrite rewrite(text);                       // "a" stands for the two bytes of "Ä"
//     rewrite.put('a', {0, 2});
//     rewrite.keep(2, 3);
//     rewrite.finish();
//     ByteRange a = text.origin(0, 1);             // {0, 2}
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace nacre {

/// Half-open. Texts are limited to 4 GiB where they enter (Tokenizer).
struct ByteRange {
  uint32_t begin = 0, end = 0;
  uint32_t size() const noexcept { return end - begin; }
  bool operator==(const ByteRange&) const = default;
};

/// One code point of a rewritten text: it replaces the next one (change 0), replaces the next one and removes -change
/// more (negative), or is inserted (1). What the reference calls transformations.
struct CodeChange {
  char32_t code;
  int32_t change;
};

class Normalized {
 public:
  /// Starts over. Well-formed UTF-8; buffers are kept.
  void reset(std::string_view original);
  std::string_view text() const noexcept { return text_; }
  /// The bytes of the original that bytes [begin, end) of the text stand for.
  ByteRange origin(uint32_t begin, uint32_t end) const noexcept;
  /// Rewrites the whole text, after dropping its first `dropped` code points.
  void transform(std::span<const CodeChange> changes, int64_t dropped = 0);
  /// Another text; byte i of it stands for bytes [starts[i], starts[i + 1]) of the present one.
  void replace(std::string_view text, std::span<const uint32_t> starts);
  /// Leaves only bytes [begin, end) of the text.
  void cut(uint32_t begin, uint32_t end);
  /// Becomes bytes [begin, end) of another one.
  void assign_part(const Normalized& whole, uint32_t begin, uint32_t end);
  /// A file may ask for texts of any size. What goes beyond the limit is dropped, and this says so.
  bool is_too_long() const noexcept { return too_long_; }
  /// True, and noted, when a text of that size would be.
  bool exceeds(size_t size) noexcept { return too_long_ = too_long_ || size > most_; }
  /// Normalizers and pre-tokenizers leave here what failed; the first failure stays.
  void note(const Result<void>& status) {
    if (status_ && !status) status_ = status;
  }
  const Result<void>& status() const noexcept { return status_; }

 private:
  friend class Rewrite;
  uint32_t place_of(uint32_t byte) const noexcept;
  std::string text_;
  std::vector<ByteRange> origins_;  // per byte of text_; empty while each byte stands for itself
  bool identity_ = true, too_long_ = false;
  size_t most_ = 0;
  Result<void> status_;
  std::string next_text_;
  std::vector<ByteRange> next_origins_;
};

/// Builds the next text of a Normalized from left to right. Ranges are bytes of its present text.
class Rewrite {
 public:
  explicit Rewrite(Normalized& target);
  /// Takes over bytes as they are, whole code points.
  void keep(uint32_t begin, uint32_t end);
  /// A code point that stands for the bytes `of`.
  void put(char32_t code, ByteRange of);
  void put(std::string_view bytes, ByteRange of);
  /// The new text becomes the present one.
  void finish();

 private:
  void leave_identity();
  Normalized& target_;
  std::string& text_;
  std::vector<ByteRange>& origins_;
  bool identity_;  // so far the new text equals the original byte for byte in length and place
};

}  // namespace nacre
