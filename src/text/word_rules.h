// Own matchers of the expressions that well-known tokenizers split text with. They are one family: contractions, words with
// what may stand before them, numbers, the rest, line ends, spaces, tried in this order.
//
//     if (const WordRules* rules = find_word_rules(source))
//       for (WordMatcher matcher(*rules, text); auto match = matcher.next();) use(*match);
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "text/category.h"
#include "text/normalized.h"

namespace nacre {

enum class Contractions : uint8_t { none, lower_case, any_case, behind_words };  // 's|'t|'re|'ve|'m|'ll|'d
enum class Lead : uint8_t { none, space, other };            // one character before letters: " ?", or [^\r\n\p{L}\p{N}]?
enum class Tail : uint8_t { none, lines, lines_and_slash };  // behind the rest: [\r\n]*, [\r\n/]*

struct WordRules {
  std::string_view source;
  Contractions contractions = Contractions::none;
  bool ascii_words = false;  ///< first of all: a punctuation character of ASCII and letters of ASCII
  Lead lead = Lead::none;
  uint8_t not_lead = Category::letter | Category::number;  ///< what Lead::other may not be, beside line ends
  uint8_t letters = Category::letter;
  bool cased = false;   ///< upper case before lower case: [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+
  uint32_t digits = 0;  ///< numbers of at most so many; 0: none
  bool space_before_digits = false;
  uint8_t rest = 0;      ///< categories of the rest, or
  uint8_t not_rest = 0;  ///< those that are not in it
  bool space_before_rest = true;
  Tail tail = Tail::none;
  bool lines = false;  ///< \s*[\r\n]+
  bool spaces = true;  ///< \s+(?!\S)|\s+
};

std::span<const WordRules> word_rules() noexcept;
const WordRules* find_word_rules(std::string_view source) noexcept;

class WordMatcher {
 public:
  WordMatcher(const WordRules& rules, std::string_view text) noexcept
      : rules_(rules), start_(text.data()), at_(start_), end_(start_ + text.size()) {}
  /// The next match; characters that match nothing are passed over.
  std::optional<ByteRange> next() noexcept;

 private:
  struct Here {  // a character
    char32_t code = 0;
    uint8_t category = 0;
    const char* end = nullptr;
  };
  Here look(const char* at) const noexcept;
  const char* skip(const char* at, uint8_t categories) const noexcept;
  const char* contraction(const char* at, bool any_case) const noexcept;
  const char* ascii_word(const char* at) const noexcept;
  const char* word(const char* at, const Here& here) const noexcept;
  const char* letters(const char* at) const noexcept;
  const char* cased_letters(const char* at) const noexcept;
  const char* upper_letters(const char* at) const noexcept;
  const char* number(const char* at, const Here& here) const noexcept;
  const char* rest(const char* at, const Here& here) const noexcept;
  const char* space(const char* at) const noexcept;
  bool in_rest(const Here& here) const noexcept {
    return rules_.not_rest ? (here.category & rules_.not_rest) == 0 : (here.category & rules_.rest) != 0;
  }
  const char* match(const char* at) const noexcept;

  const WordRules& rules_;
  const char *start_, *at_, *end_;
};

}  // namespace nacre
