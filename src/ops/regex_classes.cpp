#include <utf8proc.h>

#include <algorithm>

#include "ops/regex_parser.h"

namespace nacre {

constexpr uint32_t kLastCode = 0x10ffff;

void normalise(CodeRanges& ranges) {
  std::sort(ranges.begin(), ranges.end(), [](const Regex::Range& a, const Regex::Range& b) { return a.first < b.first; });
  CodeRanges out;
  for (const Regex::Range& range : ranges) {
    if (!out.empty() && range.first <= out.back().last + 1)
      out.back().last = std::max(out.back().last, range.last);
    else
      out.push_back(range);
  }
  ranges = std::move(out);
}

CodeRanges complement(CodeRanges ranges) {
  normalise(ranges);
  CodeRanges out;
  uint32_t begin = 0;
  for (const Regex::Range& range : ranges) {
    if (range.first > begin) out.push_back({begin, range.first - 1});
    begin = range.last + 1;
  }
  if (begin <= kLastCode) out.push_back({begin, kLastCode});
  return out;
}

void add_other_case(CodeRanges& ranges) {
  constexpr uint32_t kMost = 4096;  // code points of one range that are looked at: scripts with two cases are smaller
  CodeRanges more;
  for (const Regex::Range& range : ranges)
    for (uint32_t code = range.first; code <= range.last && code - range.first < kMost; ++code) {
      const uint32_t lower = static_cast<uint32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(code)));
      const uint32_t upper = static_cast<uint32_t>(utf8proc_toupper(static_cast<utf8proc_int32_t>(code)));
      more.push_back({lower, lower});
      more.push_back({upper, upper});
    }
  ranges.insert(ranges.end(), more.begin(), more.end());
  normalise(ranges);
}

CodeRanges escape_class(char letter) {
  switch (letter) {
    case 'd': return {{'0', '9'}};
    case 'w': return {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
    case 's': return {{'\t', '\n'}, {'\f', '\r'}, {' ', ' '}};
    case 'D': return complement(escape_class('d'));
    case 'W': return complement(escape_class('w'));
    case 'S': return complement(escape_class('s'));
    default: return {};
  }
}

CodeRanges posix_class(std::string_view name) {
  if (name == "alnum") return {{'0', '9'}, {'A', 'Z'}, {'a', 'z'}};
  if (name == "alpha") return {{'A', 'Z'}, {'a', 'z'}};
  if (name == "ascii") return {{0, 0x7f}};
  if (name == "blank") return {{'\t', '\t'}, {' ', ' '}};
  if (name == "cntrl") return {{0, 0x1f}, {0x7f, 0x7f}};
  if (name == "digit") return escape_class('d');
  if (name == "graph") return {{'!', '~'}};
  if (name == "lower") return {{'a', 'z'}};
  if (name == "print") return {{' ', '~'}};
  if (name == "punct") return {{'!', '/'}, {':', '@'}, {'[', '`'}, {'{', '~'}};
  if (name == "space") return {{'\t', '\r'}, {' ', ' '}};
  if (name == "upper") return {{'A', 'Z'}};
  if (name == "word") return escape_class('w');
  if (name == "xdigit") return {{'0', '9'}, {'A', 'F'}, {'a', 'f'}};
  return {};
}

CodeRanges category_class(std::string_view name) {
  if (name == "Any") return {{0, kLastCode}};
  if (name.empty() || name.size() > 2) return {};
  CodeRanges out;
  for (uint32_t code = 0; code <= kLastCode; ++code) {
    const std::string_view category = utf8proc_category_string(static_cast<utf8proc_int32_t>(code));
    if (!category.starts_with(name)) continue;
    if (!out.empty() && out.back().last + 1 == code)
      out.back().last = code;
    else
      out.push_back({code, code});
  }
  return out;
}

}  // namespace nacre
