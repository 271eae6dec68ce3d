#include "text/word_rules.h"

#include "text/unicode.h"
#include "text/word_pattern.h"

namespace nacre {
namespace {

constexpr uint8_t kLetter = Category::letter, kMark = Category::mark, kNumber = Category::number, kSpace = Category::space;
constexpr uint8_t kVisible = Category::punctuation | Category::symbol;
// What may stand in both parts of a cased word.
constexpr uint8_t kEither = Category::other_letter | kMark;
constexpr uint8_t kUpperPart = Category::upper | kEither, kLowerPart = Category::lower | kEither;

#define NACRE_CASED(suffix)                                                                \
  R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+)" suffix \
  "|"                                                                                      \
  R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*)" suffix "|"

constexpr WordRules with_source(WordRules rules, std::string_view source) {
  rules.source = source;
  return rules;
}

constexpr WordRules kGpt2{.source = WordPattern::kGpt2,
                          .contractions = Contractions::lower_case,
                          .lead = Lead::space,
                          .digits = UINT32_MAX,
                          .space_before_digits = true,
                          .not_rest = kSpace | kLetter | kNumber};
constexpr WordRules kCl100k{
    .source = R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
    .contractions = Contractions::any_case,
    .lead = Lead::other,
    .digits = 3,
    .not_rest = kSpace | kLetter | kNumber,
    .tail = Tail::lines,
    .lines = true};
constexpr WordRules kQwen2{
    .source = R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
    .contractions = Contractions::any_case,
    .lead = Lead::other,
    .digits = 1,
    .not_rest = kSpace | kLetter | kNumber,
    .tail = Tail::lines,
    .lines = true};
constexpr WordRules kO200k{
    .source = NACRE_CASED("(?i:'s|'t|'re|'ve|'m|'ll|'d)?") R"(\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
    .contractions = Contractions::behind_words,
    .lead = Lead::other,
    .letters = kLetter | kMark,
    .cased = true,
    .digits = 3,
    .not_rest = kSpace | kLetter | kNumber,
    .tail = Tail::lines_and_slash,
    .lines = true};

constexpr WordRules tekken() {  // of Mistral
  WordRules out = kO200k;
  out.source = NACRE_CASED("") R"(\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
  out.contractions = Contractions::none;
  out.digits = 1;
  return out;
}

constexpr WordRules qwen3_next() {  // marks belong to words
  WordRules out = kQwen2;
  out.source =
      R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
  out.letters |= kMark;
  out.not_rest |= kMark;
  return out;
}

constexpr WordRules kDeepSeek{
    .source = R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|)"
              R"(\s*[\r\n]+|\s+(?!\S)|\s+)",
    .ascii_words = true,
    .lead = Lead::other,
    .not_lead = kLetter | kVisible,
    .letters = kLetter | kMark,
    .rest = kVisible,
    .tail = Tail::lines,
    .lines = true};
constexpr WordRules kClip{.source = R"('s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+)",
                          .contractions = Contractions::lower_case,
                          .digits = 1,
                          .not_rest = kSpace | kLetter | kNumber,
                          .space_before_rest = false,
                          .spaces = false};
constexpr WordRules kNumbers{.source = R"(\p{N}{1,3})", .letters = 0, .digits = 3, .spaces = false};

// The same with other words. tiktoken's form of cl100k; DeepSeek's as files have it, where quotes are escaped.
constexpr WordRules kRules[] = {
    kGpt2,
    kCl100k,
    with_source(kCl100k,
                R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+)"),
    kQwen2,
    kO200k,
    tekken(),
    qwen3_next(),
    kDeepSeek,
    with_source(kDeepSeek,
                R"([!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|)"
                R"(\s*[\r\n]+|\s+(?!\S)|\s+)"),
    kClip,
    kNumbers};
#undef NACRE_CASED

bool is_line_end(char32_t code) noexcept { return code == '\r' || code == '\n'; }
bool is_ascii_letter(char byte) noexcept { return (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z'; }

}  // namespace

std::span<const WordRules> word_rules() noexcept { return kRules; }

const WordRules* find_word_rules(std::string_view source) noexcept {
  for (const WordRules& rules : kRules)
    if (rules.source == source) return &rules;
  return nullptr;
}

WordMatcher::Here WordMatcher::look(const char* at) const noexcept {
  if (at >= end_) return {};
  Here out;
  out.code = next_code(at);
  out.category = category_of(out.code);
  out.end = at;
  return out;
}

const char* WordMatcher::skip(const char* at, uint8_t categories) const noexcept {
  while (at < end_) {
    const char* next = at;
    if (!in_category(next_code(next), categories)) break;
    at = next;
  }
  return at;
}

/// Behind 's and the like, or null. The long s (U+017F) is an s in other case.
const char* WordMatcher::contraction(const char* at, bool any_case) const noexcept {
  if (end_ - at < 2 || *at != '\'') return nullptr;
  const auto letter = [&](ptrdiff_t i) { return end_ - at <= i ? 0 : any_case && is_ascii_letter(at[i]) ? at[i] | 0x20 : at[i]; };
  const int first = letter(1), second = letter(2);
  if (first == 's' || first == 't' || first == 'm' || first == 'd') return at + 2;
  if ((first == 'r' && second == 'e') || (first == 'v' && second == 'e') || (first == 'l' && second == 'l')) return at + 3;
  return any_case && std::string_view(at + 1, static_cast<size_t>(end_ - at - 1)).starts_with("\u017F") ? at + 3 : nullptr;
}

const char* WordMatcher::ascii_word(const char* at) const noexcept {
  const bool punctuation = *at > ' ' && *at < 0x7F && !is_ascii_letter(*at) && !(*at >= '0' && *at <= '9');
  if (!punctuation || end_ - at < 2 || !is_ascii_letter(at[1])) return nullptr;
  for (at += 2; at < end_ && is_ascii_letter(*at);) ++at;
  return at;
}

const char* WordMatcher::letters(const char* at) const noexcept {
  const char* end = skip(at, rules_.letters);
  return end == at ? nullptr : end;
}

/// U*W+ as backtracking finds it: behind the lower case that follows the longest U*, else behind the last character of U* that
/// is of both kinds.
const char* WordMatcher::cased_letters(const char* at) const noexcept {
  const char* last_either = nullptr;  // its end
  for (Here here; (here = look(at)).end && (here.category & kUpperPart); at = here.end)
    if (here.category & kEither) last_either = here.end;
  const Here here = look(at);
  return here.end && (here.category & kLowerPart) ? skip(at, kLowerPart) : last_either;
}

/// U+W*, asked when the above has failed: then no character of both kinds and no lower case is there.
const char* WordMatcher::upper_letters(const char* at) const noexcept {
  const char* end = skip(at, kUpperPart);
  return end == at ? nullptr : end;
}

const char* WordMatcher::word(const char* at, const Here& here) const noexcept {
  if (!rules_.letters) return nullptr;
  const bool leads = rules_.lead == Lead::space
                         ? here.code == ' '
                         : rules_.lead == Lead::other && !(here.category & rules_.not_lead) && !is_line_end(here.code);
  const char* end = nullptr;
  if (!rules_.cased) {
    if (leads) end = letters(here.end);
    return end ? end : letters(at);
  }
  if (leads) end = cased_letters(here.end);
  if (!end) end = cased_letters(at);
  if (!end && leads) end = upper_letters(here.end);
  if (!end) end = upper_letters(at);
  if (!end || rules_.contractions != Contractions::behind_words) return end;
  const char* behind = contraction(end, true);
  return behind ? behind : end;
}

const char* WordMatcher::number(const char* at, const Here& here) const noexcept {
  if (rules_.space_before_digits && here.code == ' ') at = here.end;
  uint32_t count = 0;
  for (Here digit; count < rules_.digits && (digit = look(at)).end && (digit.category & kNumber); at = digit.end) ++count;
  return count ? at : nullptr;
}

const char* WordMatcher::rest(const char* at, const Here& here) const noexcept {
  if (!rules_.rest && !rules_.not_rest) return nullptr;
  if (rules_.space_before_rest && here.code == ' ') at = here.end;
  const char* const begin = at;
  for (Here next; (next = look(at)).end && in_rest(next);) at = next.end;
  if (at == begin) return nullptr;
  if (rules_.tail == Tail::none) return at;
  while (at < end_ && (is_line_end(static_cast<unsigned char>(*at)) || (*at == '/' && rules_.tail == Tail::lines_and_slash))) ++at;
  return at;
}

const char* WordMatcher::space(const char* at) const noexcept {
  const char *end = at, *before_last = nullptr, *last_line = nullptr;  // before the last character, behind the last line end
  for (Here here; (here = look(end)).end && (here.category & kSpace);) {
    before_last = end;
    end = here.end;
    if (is_line_end(here.code)) last_line = end;
  }
  if (end == at) return nullptr;
  if (rules_.lines && last_line) return last_line;
  if (!rules_.spaces) return nullptr;
  return end == end_ || before_last == at ? end : before_last;
}

const char* WordMatcher::match(const char* at) const noexcept {
  const Here here = look(at);
  const char* end = nullptr;
  const bool tries = rules_.contractions == Contractions::lower_case || rules_.contractions == Contractions::any_case;
  if (tries && here.code == '\'') end = contraction(at, rules_.contractions == Contractions::any_case);
  if (!end && rules_.ascii_words) end = ascii_word(at);
  if (!end) end = word(at, here);
  if (!end) end = number(at, here);
  if (!end) end = rest(at, here);
  return end ? end : space(at);
}

std::optional<ByteRange> WordMatcher::next() noexcept {
  while (at_ < end_) {
    const char* const begin = at_;
    const char* const end = match(begin);
    if (end) {
      at_ = end;
      return ByteRange{static_cast<uint32_t>(begin - start_), static_cast<uint32_t>(end - start_)};
    }
    next_code(at_);
  }
  return std::nullopt;
}

}  // namespace nacre
