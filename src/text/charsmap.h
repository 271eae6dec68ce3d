// A table of replacements as SentencePiece compiles it: a double array over UTF-8 and the texts its values point into.
// https://github.com/google/sentencepiece/blob/master/src/normalizer.cc, DecodePrecompiledCharsMap
//
//     Charsmap map = NACRE_TRY(Charsmap::load(blob));
//     if (const auto match = map.longest("ﬁne")) use(match->length, match->text);      // 3 bytes become "fi"
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace nacre {

class Charsmap {
 public:
  struct Match {
    size_t length;  ///< bytes that are replaced
    std::string_view text;
  };
  /// Untrusted bytes. An empty blob is a map of nothing.
  static Result<Charsmap> load(std::string_view blob);

  /// The shortest, and the longest, key that `text` starts with.
  std::optional<Match> shortest(std::string_view text) const noexcept { return find(text, true); }
  std::optional<Match> longest(std::string_view text) const noexcept { return find(text, false); }
  bool empty() const noexcept { return count_ == 0; }

 private:
  void pack();
  std::optional<Match> find(std::string_view text, bool first) const noexcept;
  template <bool packed>
  std::optional<Match> find_in(std::string_view text, bool first) const noexcept;
  // Units as the blob has them; or, where 16 bits are enough (SentencePiece's own tables have 44,000 units), their parts.
  std::vector<uint32_t> units_;
  std::vector<uint16_t> targets_;  // offsets, and places of texts
  std::vector<uint8_t> labels_;    // 0 where a text's place stands
  std::vector<bool> leaves_;
  size_t count_ = 0;
  uint32_t root_ = 0;
  std::string texts_;  // each ends in a zero byte
};

}  // namespace nacre
