#include "text/sentences.h"

#include <utf8proc.h>

#include <algorithm>
#include <iterator>

#include "text/unicode.h"

namespace nacre {
namespace {

/// Sentence_Break of Unicode.
enum class Class : uint8_t {
  other,
  cr,
  lf,
  separator,
  extend,
  format,
  space,
  lower,
  upper,
  letter,
  numeric,
  full_stop,
  goes_on,
  terminal,
  close
};

struct ClassRange {
  uint32_t first, last;
  Class value;
};
// Where the class is not that of the general category (class_of_category): SentenceBreakProperty.txt of Unicode 14.
constexpr ClassRange kExceptions[] = {{0x9, 0x9, Class::space},
                                      {0xA, 0xA, Class::lf},
                                      {0xB, 0xC, Class::space},
                                      {0xD, 0xD, Class::cr},
                                      {0x21, 0x21, Class::terminal},
                                      {0x22, 0x22, Class::close},
                                      {0x27, 0x27, Class::close},
                                      {0x2C, 0x2D, Class::goes_on},
                                      {0x2E, 0x2E, Class::full_stop},
                                      {0x3A, 0x3A, Class::goes_on},
                                      {0x3F, 0x3F, Class::terminal},
                                      {0x85, 0x85, Class::separator},
                                      {0xAA, 0xAA, Class::lower},
                                      {0xBA, 0xBA, Class::lower},
                                      {0x2B0, 0x2B8, Class::lower},
                                      {0x2C0, 0x2C1, Class::lower},
                                      {0x2E0, 0x2E4, Class::lower},
                                      {0x37A, 0x37A, Class::lower},
                                      {0x55D, 0x55D, Class::goes_on},
                                      {0x589, 0x589, Class::terminal},
                                      {0x5F3, 0x5F3, Class::letter},
                                      {0x60C, 0x60D, Class::goes_on},
                                      {0x61D, 0x61F, Class::terminal},
                                      {0x66B, 0x66C, Class::numeric},
                                      {0x6D4, 0x6D4, Class::terminal},
                                      {0x700, 0x702, Class::terminal},
                                      {0x7F8, 0x7F8, Class::goes_on},
                                      {0x7F9, 0x7F9, Class::terminal},
                                      {0x837, 0x837, Class::terminal},
                                      {0x839, 0x839, Class::terminal},
                                      {0x83D, 0x83E, Class::terminal},
                                      {0x964, 0x965, Class::terminal},
                                      {0x104A, 0x104B, Class::terminal},
                                      {0x10D0, 0x10FA, Class::letter},
                                      {0x10FD, 0x10FF, Class::letter},
                                      {0x1362, 0x1362, Class::terminal},
                                      {0x1367, 0x1368, Class::terminal},
                                      {0x166E, 0x166E, Class::terminal},
                                      {0x1735, 0x1736, Class::terminal},
                                      {0x1802, 0x1802, Class::goes_on},
                                      {0x1803, 0x1803, Class::terminal},
                                      {0x1808, 0x1808, Class::goes_on},
                                      {0x1809, 0x1809, Class::terminal},
                                      {0x1944, 0x1945, Class::terminal},
                                      {0x1AA8, 0x1AAB, Class::terminal},
                                      {0x1B5A, 0x1B5B, Class::terminal},
                                      {0x1B5E, 0x1B5F, Class::terminal},
                                      {0x1B7D, 0x1B7E, Class::terminal},
                                      {0x1C3B, 0x1C3C, Class::terminal},
                                      {0x1C7E, 0x1C7F, Class::terminal},
                                      {0x1C90, 0x1CBA, Class::letter},
                                      {0x1CBD, 0x1CBF, Class::letter},
                                      {0x1D2C, 0x1D6A, Class::lower},
                                      {0x1D78, 0x1D78, Class::lower},
                                      {0x1D9B, 0x1DBF, Class::lower},
                                      {0x200C, 0x200D, Class::extend},
                                      {0x2013, 0x2014, Class::goes_on},
                                      {0x2024, 0x2024, Class::full_stop},
                                      {0x2028, 0x2029, Class::separator},
                                      {0x203C, 0x203D, Class::terminal},
                                      {0x2047, 0x2049, Class::terminal},
                                      {0x2071, 0x2071, Class::lower},
                                      {0x207F, 0x207F, Class::lower},
                                      {0x2090, 0x209C, Class::lower},
                                      {0x2160, 0x216F, Class::upper},
                                      {0x2170, 0x217F, Class::lower},
                                      {0x24B6, 0x24CF, Class::upper},
                                      {0x24D0, 0x24E9, Class::lower},
                                      {0x275B, 0x2760, Class::close},
                                      {0x2C7C, 0x2C7D, Class::lower},
                                      {0x2E00, 0x2E01, Class::close},
                                      {0x2E06, 0x2E08, Class::close},
                                      {0x2E0B, 0x2E0B, Class::close},
                                      {0x2E2E, 0x2E2E, Class::terminal},
                                      {0x2E3C, 0x2E3C, Class::terminal},
                                      {0x2E53, 0x2E54, Class::terminal},
                                      {0x3001, 0x3001, Class::goes_on},
                                      {0x3002, 0x3002, Class::terminal},
                                      {0xA4FF, 0xA4FF, Class::terminal},
                                      {0xA60E, 0xA60F, Class::terminal},
                                      {0xA69C, 0xA69D, Class::lower},
                                      {0xA6F3, 0xA6F3, Class::terminal},
                                      {0xA6F7, 0xA6F7, Class::terminal},
                                      {0xA770, 0xA770, Class::lower},
                                      {0xA7F8, 0xA7F9, Class::lower},
                                      {0xA876, 0xA877, Class::terminal},
                                      {0xA8CE, 0xA8CF, Class::terminal},
                                      {0xA92F, 0xA92F, Class::terminal},
                                      {0xA9C8, 0xA9C9, Class::terminal},
                                      {0xAA5D, 0xAA5F, Class::terminal},
                                      {0xAAF0, 0xAAF1, Class::terminal},
                                      {0xAB5C, 0xAB5F, Class::lower},
                                      {0xABEB, 0xABEB, Class::terminal},
                                      {0xFE10, 0xFE11, Class::goes_on},
                                      {0xFE13, 0xFE13, Class::goes_on},
                                      {0xFE31, 0xFE32, Class::goes_on},
                                      {0xFE50, 0xFE51, Class::goes_on},
                                      {0xFE52, 0xFE52, Class::full_stop},
                                      {0xFE55, 0xFE55, Class::goes_on},
                                      {0xFE56, 0xFE57, Class::terminal},
                                      {0xFE58, 0xFE58, Class::goes_on},
                                      {0xFE63, 0xFE63, Class::goes_on},
                                      {0xFF01, 0xFF01, Class::terminal},
                                      {0xFF0C, 0xFF0D, Class::goes_on},
                                      {0xFF0E, 0xFF0E, Class::full_stop},
                                      {0xFF1A, 0xFF1A, Class::goes_on},
                                      {0xFF1F, 0xFF1F, Class::terminal},
                                      {0xFF61, 0xFF61, Class::terminal},
                                      {0xFF64, 0xFF64, Class::goes_on},
                                      {0xFF9E, 0xFF9F, Class::extend},
                                      {0x10780, 0x10780, Class::lower},
                                      {0x10783, 0x10785, Class::lower},
                                      {0x10787, 0x107B0, Class::lower},
                                      {0x107B2, 0x107BA, Class::lower},
                                      {0x10A56, 0x10A57, Class::terminal},
                                      {0x10F55, 0x10F59, Class::terminal},
                                      {0x10F86, 0x10F89, Class::terminal},
                                      {0x11047, 0x11048, Class::terminal},
                                      {0x110BE, 0x110C1, Class::terminal},
                                      {0x11141, 0x11143, Class::terminal},
                                      {0x111C5, 0x111C6, Class::terminal},
                                      {0x111CD, 0x111CD, Class::terminal},
                                      {0x111DE, 0x111DF, Class::terminal},
                                      {0x11238, 0x11239, Class::terminal},
                                      {0x1123B, 0x1123C, Class::terminal},
                                      {0x112A9, 0x112A9, Class::terminal},
                                      {0x1144B, 0x1144C, Class::terminal},
                                      {0x115C2, 0x115C3, Class::terminal},
                                      {0x115C9, 0x115D7, Class::terminal},
                                      {0x11641, 0x11642, Class::terminal},
                                      {0x1173C, 0x1173E, Class::terminal},
                                      {0x11944, 0x11944, Class::terminal},
                                      {0x11946, 0x11946, Class::terminal},
                                      {0x11A42, 0x11A43, Class::terminal},
                                      {0x11A9B, 0x11A9C, Class::terminal},
                                      {0x11C41, 0x11C42, Class::terminal},
                                      {0x11EF7, 0x11EF8, Class::terminal},
                                      {0x16A6E, 0x16A6F, Class::terminal},
                                      {0x16AF5, 0x16AF5, Class::terminal},
                                      {0x16B37, 0x16B38, Class::terminal},
                                      {0x16B44, 0x16B44, Class::terminal},
                                      {0x16E98, 0x16E98, Class::terminal},
                                      {0x1BC9F, 0x1BC9F, Class::terminal},
                                      {0x1DA88, 0x1DA88, Class::terminal},
                                      {0x1F130, 0x1F149, Class::upper},
                                      {0x1F150, 0x1F169, Class::upper},
                                      {0x1F170, 0x1F189, Class::upper},
                                      {0x1F676, 0x1F678, Class::close},
                                      {0xE0020, 0xE007F, Class::extend}};

Class class_of_category(utf8proc_category_t category) noexcept {
  switch (category) {
    case UTF8PROC_CATEGORY_LL: return Class::lower;
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LT: return Class::upper;
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_NL: return Class::letter;
    case UTF8PROC_CATEGORY_ND: return Class::numeric;
    case UTF8PROC_CATEGORY_PS:
    case UTF8PROC_CATEGORY_PE:
    case UTF8PROC_CATEGORY_PI:
    case UTF8PROC_CATEGORY_PF: return Class::close;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME: return Class::extend;
    case UTF8PROC_CATEGORY_CF: return Class::format;
    case UTF8PROC_CATEGORY_ZS: return Class::space;
    default: return Class::other;
  }
}

Class class_of(char32_t code) noexcept {
  const auto found = std::upper_bound(std::begin(kExceptions), std::end(kExceptions), uint32_t{code},
                                      [](uint32_t c, const ClassRange& range) { return c < range.first; });
  if (found != std::begin(kExceptions) && code <= found[-1].last) return found[-1].value;
  return class_of_category(utf8proc_category(static_cast<utf8proc_int32_t>(code)));
}

bool ends_paragraph(Class c) noexcept { return c == Class::separator || c == Class::cr || c == Class::lf; }
bool ends_sentence(Class c) noexcept { return c == Class::full_stop || c == Class::terminal; }
bool is_cased(Class c) noexcept { return c == Class::upper || c == Class::lower; }

/// A code point that counts, with those of Extend and Format behind it (rule SB5).
struct Unit {
  uint32_t begin;
  Class value;
};

std::vector<Unit> units_of(std::string_view text) {
  std::vector<Unit> out;
  out.reserve(text.size());
  for (const char* at = text.data(); at < text.data() + text.size();) {
    const auto begin = static_cast<uint32_t>(at - text.data());
    const Class value = class_of(next_code(at));
    const bool joins = (value == Class::extend || value == Class::format) && !out.empty() && !ends_paragraph(out.back().value);
    if (!joins) out.push_back({begin, value});
  }
  return out;
}

/// Walks from unit to unit. What has been seen of `SATerm Close* Sp*` is the stage.
class Breaker {
 public:
  explicit Breaker(const std::vector<Unit>& units) : units_(units) {}

  /// True when a sentence ends before unit `i`; to be asked for each i in order, from 1 on.
  bool breaks_before(size_t i) {
    const Class before = units_[i - 1].value, next = units_[i].value;
    enter(i - 1);
    if (before == Class::cr && next == Class::lf) return false;  // SB3
    if (ends_paragraph(before)) return true;                     // SB4
    if (stage_ == Stage::none) return false;                     // SB998
    return !goes_on(i, next);
  }

 private:
  enum class Stage : uint8_t { none, ended, closed, spaced };

  void enter(size_t i) {
    const Class c = units_[i].value;
    if (ends_sentence(c)) {
      stage_ = Stage::ended, full_stop_ = c == Class::full_stop;
      after_cased_ = i > 0 && is_cased(units_[i - 1].value);
    } else if (c == Class::close && (stage_ == Stage::ended || stage_ == Stage::closed)) {
      stage_ = Stage::closed;
    } else if (c == Class::space && stage_ != Stage::none) {
      stage_ = Stage::spaced;
    } else {
      stage_ = Stage::none;
    }
  }

  bool goes_on(size_t i, Class next) const {
    if (full_stop_ && stage_ == Stage::ended && next == Class::numeric) return true;                // SB6
    if (full_stop_ && stage_ == Stage::ended && after_cased_ && next == Class::upper) return true;  // SB7
    if (next == Class::goes_on || ends_sentence(next)) return true;                                 // SB8a
    if (next == Class::space || ends_paragraph(next)) return true;                                  // SB9, SB10
    if (next == Class::close && stage_ != Stage::spaced) return true;                               // SB9
    return full_stop_ && lower_follows(i);                                                          // SB8
  }

  /// Each unit is looked at once: a sentence that ends here needs another full stop before the next look.
  bool lower_follows(size_t i) const {
    for (; i < units_.size(); ++i) {
      const Class c = units_[i].value;
      if (c == Class::lower) return true;
      if (c == Class::letter || c == Class::upper || ends_paragraph(c) || ends_sentence(c)) return false;
    }
    return false;
  }

  const std::vector<Unit>& units_;
  Stage stage_ = Stage::none;
  bool full_stop_ = false, after_cased_ = false;
};

}  // namespace

std::vector<uint32_t> sentence_ends(std::string_view text) {
  std::vector<uint32_t> out;
  const std::vector<Unit> units = units_of(text);
  Breaker breaker(units);
  for (size_t i = 1; i < units.size(); ++i)
    if (breaker.breaks_before(i)) out.push_back(units[i].begin);
  if (!text.empty()) out.push_back(static_cast<uint32_t>(text.size()));
  return out;
}

}  // namespace nacre
