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
  bool empty() const noexcept { return units_.empty(); }

 private:
  std::optional<Match> find(std::string_view text, bool first) const noexcept;
  std::vector<uint32_t> units_;
  std::string texts_;  // each ends in a zero byte
};

}  // namespace nacre
