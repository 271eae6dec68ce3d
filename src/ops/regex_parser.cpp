#include "ops/regex_parser.h"

#include <utf8proc.h>

#include <algorithm>
#include <optional>

namespace nacre {
namespace {

using Kind = Regex::Kind;
using Step = Regex::Step;
using Code = std::vector<Step>;  // begins at its first step and ends by walking off its last; positions count from its begin

constexpr size_t kMostSteps = 1 << 16;
constexpr int kMostNesting = 200, kMostRepeats = 1000;

void append(Code& code, const Code& more) {
  const uint32_t offset = static_cast<uint32_t>(code.size());
  for (const Step& step : more) {
    code.push_back(step);
    code.back().next += offset, code.back().other += offset;
  }
}

Code one(Kind kind, CodeRanges ranges = {}) { return {Step{kind, 1, 0, std::move(ranges)}}; }

Code alternate(const Code& a, const Code& b) {
  const uint32_t size = static_cast<uint32_t>(a.size() + b.size());
  Code out{Step{Kind::split, 1, static_cast<uint32_t>(a.size()) + 2, {}}};
  append(out, a);
  out.push_back(Step{Kind::jump, size + 2, 0, {}});
  append(out, b);
  return out;
}

Code optional(const Code& a) {
  Code out{Step{Kind::split, 1, static_cast<uint32_t>(a.size()) + 1, {}}};
  append(out, a);
  return out;
}

Code star(const Code& a) {
  Code out = optional(a);
  ++out[0].other;
  out.push_back(Step{Kind::jump, 0, 0, {}});
  return out;
}

struct Flags {
  bool ignore_case = false, dot_all = false, multi_line = false;
};

class Parser {
 public:
  explicit Parser(std::string_view pattern) : pattern_(pattern), rest_(pattern) {}

  Result<Code> parse() {
    Code out = NACRE_TRY(alternatives());
    if (!rest_.empty()) return refuse("an unmatched ')'");
    out.push_back(Step{});
    return out;
  }

 private:
  std::unexpected<Error> refuse(std::string_view what) const {
    return fail(ErrorCode::invalid_model, "pattern \"", pattern_, "\" has ", what, " at byte ", pattern_.size() - rest_.size());
  }
  bool take(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  uint32_t take_code() {
    utf8proc_int32_t code;
    const utf8proc_ssize_t used = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(rest_.data()), static_cast<utf8proc_ssize_t>(rest_.size()), &code);
    const uint32_t out = used > 0 ? static_cast<uint32_t>(code) : static_cast<uint8_t>(rest_[0]);
    rest_.remove_prefix(used > 0 ? static_cast<size_t>(used) : 1);
    return out;
  }

  Result<Code> alternatives() {
    if (++nesting_ > kMostNesting) return fail(ErrorCode::resource_exhausted, "pattern nests deeper than ", kMostNesting);
    Code out = NACRE_TRY(sequence());
    while (take("|")) out = alternate(out, NACRE_TRY(sequence()));
    --nesting_;
    return out;
  }

  Result<Code> sequence() {
    Code out;
    while (!rest_.empty() && rest_[0] != '|' && rest_[0] != ')') {
      const Code item = NACRE_TRY(repeated());
      if (out.size() + item.size() > kMostSteps) return fail(ErrorCode::resource_exhausted, "pattern needs more than ", kMostSteps, " steps");
      append(out, item);
    }
    return out;
  }

  Result<Code> repeated() {
    Code item = NACRE_TRY(atom());
    while (!rest_.empty()) {
      if (take("*")) item = star(item);
      else if (take("+")) append(item, star(Code(item)));
      else if (take("?")) item = optional(item);
      else if (std::optional<std::pair<int, int>> counts = take_counts()) item = NACRE_TRY(repeat(item, counts->first, counts->second));
      else break;
      take("?");  // lazy: the same texts match
      if (item.size() > kMostSteps) return fail(ErrorCode::resource_exhausted, "pattern needs more than ", kMostSteps, " steps");
    }
    return item;
  }

  std::optional<int> take_number() {
    int out = 0;
    size_t digits = 0;
    for (; digits < rest_.size() && digits < 5 && rest_[digits] >= '0' && rest_[digits] <= '9'; ++digits) out = out * 10 + (rest_[digits] - '0');
    rest_.remove_prefix(digits);
    return digits ? std::optional(out) : std::nullopt;
  }

  // "{2}", "{2,}", "{2,5}"; anything else in braces is text. The second count is -1 without a limit.
  std::optional<std::pair<int, int>> take_counts() {
    const std::string_view begin = rest_;
    if (take("{")) {
      const std::optional<int> least = take_number();
      const bool comma = least && take(",");
      const std::optional<int> most = comma ? take_number() : least;
      if (least && take("}")) return std::pair(*least, most.value_or(-1));
    }
    rest_ = begin;
    return std::nullopt;
  }

  Result<Code> repeat(const Code& item, int least, int most) {
    if (least > kMostRepeats || most > kMostRepeats || (most >= 0 && most < least)) return refuse("a bad repeat count before it,");
    const size_t copies = static_cast<size_t>(most < 0 ? least + 1 : most);
    if (copies * (item.size() + 2) > kMostSteps) return fail(ErrorCode::resource_exhausted, "pattern needs more than ", kMostSteps, " steps");
    Code out;
    for (int i = 0; i < least; ++i) append(out, item);
    if (most < 0) append(out, star(item));
    for (int i = least; i < most; ++i) append(out, optional(item));
    return out;
  }

  Result<Code> atom() {
    if (take("(")) return group();
    if (take("[")) return set(NACRE_TRY(bracket()));
    if (take(".")) return one(Kind::set, flags_.dot_all ? CodeRanges{{0, 0x10ffff}} : complement({{'\n', '\n'}}));
    if (take("^")) return one(flags_.multi_line ? Kind::begin_line : Kind::begin_text);
    if (take("$")) return one(flags_.multi_line ? Kind::end_line : Kind::end_text);
    if (rest_[0] == '*' || rest_[0] == '+' || rest_[0] == '?') return refuse("nothing to repeat");
    if (take("\\")) return escape();
    const uint32_t code = take_code();
    return set({{code, code}});
  }

  Code set(CodeRanges ranges) const {
    if (flags_.ignore_case) add_other_case(ranges);
    normalise(ranges);
    return one(Kind::set, std::move(ranges));
  }

  Result<Code> group() {
    const Flags outer = flags_;
    if (take("?P<") || take("?<")) {
      const size_t end = rest_.find('>');
      if (end == std::string_view::npos || end == 0 || rest_[0] == '=' || rest_[0] == '!') return refuse("a bad group name");
      rest_.remove_prefix(end + 1);
    } else if (take("?")) {
      if (NACRE_TRY(take_flags())) return Code();
    }
    const Code out = NACRE_TRY(alternatives());
    if (!take(")")) return refuse("an unclosed '('");
    flags_ = outer;
    return out;
  }

  // "i-s:" opens a group and gives false; "i-s)" holds to the end of the group around it.
  Result<bool> take_flags() {
    bool on = true;
    while (!rest_.empty()) {
      const char flag = rest_[0];
      rest_.remove_prefix(1);
      if (flag == ':') return false;
      if (flag == ')') return true;
      if (flag == '-') on = false;
      else if (flag == 'i') flags_.ignore_case = on;
      else if (flag == 's') flags_.dot_all = on;
      else if (flag == 'm') flags_.multi_line = on;
      else if (flag != 'U') return refuse("an unknown group flag before it,");
    }
    return refuse("an unclosed '('");
  }

  Result<CodeRanges> bracket() {
    const bool negated = take("^");
    CodeRanges out;
    for (bool first = true; first || !rest_.starts_with("]"); first = false) {
      if (rest_.empty()) return refuse("an unclosed '['");
      const CodeRanges item = NACRE_TRY(bracket_item());
      out.insert(out.end(), item.begin(), item.end());
    }
    take("]");
    if (flags_.ignore_case) add_other_case(out);
    return negated ? complement(std::move(out)) : out;
  }

  Result<CodeRanges> bracket_item() {
    if (take("[:")) {
      const size_t end = rest_.find(":]");
      const bool negated = take("^");
      CodeRanges out = end == std::string_view::npos ? CodeRanges() : posix_class(rest_.substr(0, end - negated));
      if (out.empty()) return refuse("an unknown class");
      rest_.remove_prefix(end - negated + 2);
      return negated ? complement(std::move(out)) : out;
    }
    CodeRanges low = NACRE_TRY(bracket_character());
    if (low.size() != 1 || low[0].first != low[0].last || rest_.size() < 2 || rest_[0] != '-' || rest_[1] == ']') return low;
    take("-");
    if (rest_.empty()) return refuse("an unclosed '['");
    const CodeRanges high = NACRE_TRY(bracket_character());
    if (high.size() != 1 || high[0].first != high[0].last || high[0].first < low[0].first) return refuse("a bad range before it,");
    return CodeRanges{{low[0].first, high[0].first}};
  }

  Result<CodeRanges> bracket_character() {
    if (take("\\")) return escaped_ranges();
    const uint32_t code = take_code();
    return CodeRanges{{code, code}};
  }

  Result<Code> escape() {
    if (take("A")) return one(Kind::begin_text);
    if (take("z")) return one(Kind::end_text);
    if (take("b")) return one(Kind::word_edge);
    if (take("B")) return one(Kind::no_word_edge);
    if (take("Q")) return quoted();
    return set(NACRE_TRY(escaped_ranges()));
  }

  Code quoted() {
    Code out;
    while (!rest_.empty() && !take("\\E")) {
      const uint32_t code = take_code();
      append(out, set({{code, code}}));
    }
    return out;
  }

  Result<CodeRanges> escaped_ranges() {
    if (rest_.empty()) return refuse("a '\\' and nothing after it");
    const char letter = rest_[0];
    if (CodeRanges known = escape_class(letter); !known.empty()) return rest_.remove_prefix(1), known;
    if (letter == 'p' || letter == 'P') return category();
    if (letter == 'x') return hexadecimal();
    constexpr std::string_view kLetters = "aftnrv", kControls = "\a\f\t\n\r\v";
    if (const size_t found = kLetters.find(letter); found != std::string_view::npos) {
      rest_.remove_prefix(1);
      return CodeRanges{{static_cast<uint32_t>(kControls[found]), static_cast<uint32_t>(kControls[found])}};
    }
    if ((letter >= '1' && letter <= '9') || (letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z')) return refuse("an unknown escape");
    if (letter == '0') return octal();
    const uint32_t code = take_code();
    return CodeRanges{{code, code}};
  }

  Result<CodeRanges> category() {
    const bool negated = take("P");
    if (!negated) take("p");
    const size_t end = rest_.find('}');
    std::string_view name = rest_.substr(0, 1);
    if (take("{")) {
      if (end == std::string_view::npos) return refuse("an unclosed '{'");
      name = rest_.substr(0, end - 1);
      rest_.remove_prefix(end);
    } else if (!name.empty()) {
      rest_.remove_prefix(1);
    }
    CodeRanges out = category_class(name);
    if (out.empty()) return fail(ErrorCode::unsupported, "pattern \"", pattern_, "\" names the class '", name, "', which is no Unicode category");
    return negated ? complement(std::move(out)) : out;
  }

  Result<CodeRanges> hexadecimal() {
    take("x");
    const bool braces = take("{");
    uint32_t code = 0;
    size_t digits = 0;
    for (; digits < rest_.size() && digits < (braces ? 6 : 2); ++digits) {
      const char c = rest_[digits];
      const int value = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
      if (value < 0) break;
      code = code * 16 + static_cast<uint32_t>(value);
    }
    rest_.remove_prefix(digits);
    if ((braces ? digits == 0 || !take("}") : digits != 2) || code > 0x10ffff) return refuse("a bad '\\x' before it,");
    return CodeRanges{{code, code}};
  }

  CodeRanges octal() {
    uint32_t code = 0;
    for (int digits = 0; digits < 3 && !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '7'; ++digits, rest_.remove_prefix(1))
      code = code * 8 + static_cast<uint32_t>(rest_[0] - '0');
    return {{code, code}};
  }

  std::string_view pattern_, rest_;
  Flags flags_;
  int nesting_ = 0;
};

}  // namespace

Result<std::vector<Regex::Step>> parse_regex(std::string_view pattern) { return Parser(pattern).parse(); }

}  // namespace nacre
