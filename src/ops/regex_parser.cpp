#include "ops/regex_parser.h"

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

class Parser : RegexCursor {
 public:
  explicit Parser(std::string_view pattern) : RegexCursor(pattern) {}

  Result<Code> parse() {
    Code out = NACRE_TRY(alternatives());
    if (!rest.empty()) return refuse("an unmatched ')'");
    out.push_back(Step{});
    return out;
  }

 private:
  Result<Code> alternatives() {
    if (++nesting_ > kMostNesting) return fail(ErrorCode::resource_exhausted, "pattern nests deeper than ", kMostNesting);
    Code out = NACRE_TRY(sequence());
    while (take("|")) out = alternate(out, NACRE_TRY(sequence()));
    --nesting_;
    return out;
  }
  Result<Code> sequence() {
    Code out;
    while (!rest.empty() && rest[0] != '|' && rest[0] != ')') {
      const Code item = NACRE_TRY(repeated());
      if (out.size() + item.size() > kMostSteps)
        return fail(ErrorCode::resource_exhausted, "pattern needs more than ", kMostSteps, " steps");
      append(out, item);
    }
    return out;
  }
  Result<Code> repeated() {
    Code item = NACRE_TRY(atom());
    while (!rest.empty()) {
      if (take("*"))
        item = star(item);
      else if (take("+"))
        append(item, star(Code(item)));
      else if (take("?"))
        item = optional(item);
      else if (std::optional<std::pair<int, int>> counts = take_counts())
        item = NACRE_TRY(repeat(item, counts->first, counts->second));
      else
        break;
      take("?");  // lazy: the same texts match
      if (item.size() > kMostSteps) return fail(ErrorCode::resource_exhausted, "pattern needs more than ", kMostSteps, " steps");
    }
    return item;
  }
  std::optional<int> take_number() {
    int out = 0;
    size_t digits = 0;
    for (; digits < rest.size() && digits < 5 && rest[digits] >= '0' && rest[digits] <= '9'; ++digits)
      out = out * 10 + (rest[digits] - '0');
    rest.remove_prefix(digits);
    return digits ? std::optional(out) : std::nullopt;
  }

  // "{2}", "{2,}", "{2,5}"; anything else in braces is text. The second count is -1 without a limit.
  std::optional<std::pair<int, int>> take_counts() {
    const std::string_view begin = rest;
    if (take("{")) {
      const std::optional<int> least = take_number();
      const bool comma = least && take(",");
      const std::optional<int> most = comma ? take_number() : least;
      if (least && take("}")) return std::pair(*least, most.value_or(-1));
    }
    rest = begin;
    return std::nullopt;
  }
  Result<Code> repeat(const Code& item, int least, int most) {
    if (least > kMostRepeats || most > kMostRepeats || (most >= 0 && most < least)) return refuse("a bad repeat count before it,");
    const size_t copies = static_cast<size_t>(most < 0 ? least + 1 : most);
    if (copies * (item.size() + 2) > kMostSteps)
      return fail(ErrorCode::resource_exhausted, "pattern needs more than ", kMostSteps, " steps");
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
    if (rest[0] == '*' || rest[0] == '+' || rest[0] == '?') return refuse("nothing to repeat");
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
      const size_t end = rest.find('>');
      if (end == std::string_view::npos || end == 0 || rest[0] == '=' || rest[0] == '!') return refuse("a bad group name");
      rest.remove_prefix(end + 1);
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
    while (!rest.empty()) {
      const char flag = rest[0];
      rest.remove_prefix(1);
      if (flag == ':') return false;
      if (flag == ')') return true;
      if (flag == '-')
        on = false;
      else if (flag == 'i')
        flags_.ignore_case = on;
      else if (flag == 's')
        flags_.dot_all = on;
      else if (flag == 'm')
        flags_.multi_line = on;
      else if (flag != 'U')
        return refuse("an unknown group flag before it,");
    }
    return refuse("an unclosed '('");
  }

  Result<CodeRanges> bracket() {
    const bool negated = take("^");
    CodeRanges out;
    for (bool first = true; first || !rest.starts_with("]"); first = false) {
      if (rest.empty()) return refuse("an unclosed '['");
      const CodeRanges item = NACRE_TRY(bracket_item());
      out.insert(out.end(), item.begin(), item.end());
    }
    take("]");
    if (flags_.ignore_case) add_other_case(out);
    return negated ? complement(std::move(out)) : out;
  }

  Result<CodeRanges> bracket_item() {
    if (take("[:")) {
      const size_t end = rest.find(":]");
      const bool negated = take("^");
      CodeRanges out = end == std::string_view::npos ? CodeRanges() : posix_class(rest.substr(0, end - negated));
      if (out.empty()) return refuse("an unknown class");
      rest.remove_prefix(end - negated + 2);
      return negated ? complement(std::move(out)) : out;
    }
    CodeRanges low = NACRE_TRY(bracket_character());
    if (low.size() != 1 || low[0].first != low[0].last || rest.size() < 2 || rest[0] != '-' || rest[1] == ']') return low;
    take("-");
    if (rest.empty()) return refuse("an unclosed '['");
    const CodeRanges high = NACRE_TRY(bracket_character());
    if (high.size() != 1 || high[0].first != high[0].last || high[0].first < low[0].first) return refuse("a bad range before it,");
    return CodeRanges{{low[0].first, high[0].first}};
  }

  Result<CodeRanges> bracket_character() {
    if (take("\\")) return read_escape(*this);
    const uint32_t code = take_code();
    return CodeRanges{{code, code}};
  }

  Result<Code> escape() {
    if (take("A")) return one(Kind::begin_text);
    if (take("z")) return one(Kind::end_text);
    if (take("b")) return one(Kind::word_edge);
    if (take("B")) return one(Kind::no_word_edge);
    if (take("Q")) return quoted();
    return set(NACRE_TRY(read_escape(*this)));
  }

  Code quoted() {
    Code out;
    while (!rest.empty() && !take("\\E")) {
      const uint32_t code = take_code();
      append(out, set({{code, code}}));
    }
    return out;
  }

  Flags flags_;
  int nesting_ = 0;
};

}  // namespace

Result<std::vector<Regex::Step>> parse_regex(std::string_view pattern) { return Parser(pattern).parse(); }

}  // namespace nacre
