// A matcher for RE2's syntax whose time is linear in the text: all alternatives are followed at once, none is tried again.
// https://github.com/google/re2/wiki/Syntax
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace nacre {

class Regex {
 public:
  /// Fails (invalid_model) on what RE2 refuses and (unsupported) on what it knows and this does not.
  static Result<Regex> compile(std::string_view pattern);
  /// True when the whole text matches. Text that is not UTF-8 is read byte by byte.
  bool matches(std::string_view text) const;
  struct Found {
    size_t first, size;
  };
  /// The leftmost match of at least one character that begins at byte `from` or later, as long as it can be; size 0: none.
  Found find(std::string_view text, size_t from) const;

  struct Range {
    uint32_t first, last;
  };
  enum class Kind : uint8_t { set, split, jump, begin_text, end_text, begin_line, end_line, word_edge, no_word_edge, match };
  struct Step {
    Kind kind = Kind::match;
    uint32_t next = 0, other = 0;  // where to go on; `other` of a split
    std::vector<Range> ranges;     // of a set: sorted, apart
  };

 private:
  size_t longest(std::string_view text, size_t from, uint32_t before) const;
  std::vector<Step> steps_;
};

}  // namespace nacre
