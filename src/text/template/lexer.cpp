#include "text/template/lexer.h"

#include <algorithm>

#include "text/unicode.h"

namespace nacre::templates {
namespace {

using Kind = Token::Kind;
using Error = TemplateError::Kind;

constexpr std::string_view kSpaces = " \t\n\r\v\f";

/// jinja2 splits lines at any of the three newlines and joins them with one of them; the last empty line goes.
std::string normalised(std::string_view source) {
  std::string out;
  out.reserve(source.size());
  for (size_t i = 0; i < source.size(); ++i) {
    out += source[i] == '\r' ? '\n' : source[i];
    if (source[i] == '\r' && i + 1 < source.size() && source[i + 1] == '\n') ++i;
  }
  if (out.ends_with('\n')) out.pop_back();
  return out;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80; }

class Lexer {
 public:
  explicit Lexer(std::string source) : source_(std::move(source)) {}

  Outcome<std::vector<Token>> run() {
    while (at_ < source_.size()) NACRE_TRY(next_part());
    add(Kind::end, "");
    return std::move(tokens_);
  }

 private:
  std::string_view rest() const { return std::string_view(source_).substr(at_); }

  void add(Kind kind, std::string text) { tokens_.push_back({kind, std::move(text), line_}); }

  void advance(size_t count) {
    line_ += static_cast<int>(
        std::count(source_.begin() + static_cast<ptrdiff_t>(at_), source_.begin() + static_cast<ptrdiff_t>(at_ + count), '\n'));
    at_ += count;
  }

  auto wrong(std::string_view what) const { return std::unexpected(TemplateError{Error::syntax, std::string(what), line_}); }

  /// Where the next "{{", "{%" or "{#" is.
  size_t find_tag(size_t from) const {
    for (size_t at = source_.find('{', from); at != source_.npos && at + 1 < source_.size(); at = source_.find('{', at + 1))
      if (source_[at + 1] == '{' || source_[at + 1] == '%' || source_[at + 1] == '#') return at;
    return source_.npos;
  }

  /// Text before a tag, less the whitespace that the tag takes away. `print`: lstrip_blocks leaves "{{" alone.
  std::string before(std::string_view text, char sign, bool print) const {
    if (sign == '-') {
      const size_t last = text.find_last_not_of(kSpaces);
      return std::string(text.substr(0, last == text.npos ? 0 : last + 1));
    }
    if (sign == '+' || print) return std::string(text);
    const size_t line = text.rfind('\n') + 1;  // npos + 1 is 0
    if (line == 0 && !at_line_start_) return std::string(text);
    const bool blank = text.find_first_not_of(kSpaces, line) == text.npos;
    return std::string(blank ? text.substr(0, line) : text);
  }

  char sign_at(size_t at) const {
    const char c = at < source_.size() ? source_[at] : 0;
    return c == '-' || c == '+' ? c : 0;
  }

  void add_text(std::string text) {
    if (!text.empty()) add(Kind::text, std::move(text));
  }

  Outcome<void> next_part() {
    const size_t tag = find_tag(at_);
    if (tag == source_.npos) {
      add_text(std::string(rest()));
      return advance(source_.size() - at_), Outcome<void>();
    }
    const std::string_view text = std::string_view(source_).substr(at_, tag - at_);
    const char open = source_[tag + 1], sign = sign_at(tag + 2);
    add_text(before(text, sign, open == '{'));
    advance(tag - at_ + 2 + (sign ? 1 : 0));
    if (open == '#') return comment();
    if (open == '%' && take_word("raw")) return raw();
    add(open == '{' ? Kind::print_begin : Kind::block_begin, "");
    return inside(open == '{' ? "}}" : "%}", open == '{' ? Kind::print_end : Kind::block_end);
  }

  size_t skip_spaces(size_t at) const { return std::min(source_.find_first_not_of(kSpaces, at), source_.size()); }

  /// Past `word` and the tag's end, when that is all there is.
  bool take_word(std::string_view word) {
    size_t at = skip_spaces(at_);
    if (std::string_view(source_).substr(at, word.size()) != word) return false;
    at = skip_spaces(at + word.size());
    const bool strips = at < source_.size() && source_[at] == '-';
    if (std::string_view(source_).substr(at + (strips ? 1 : 0), 2) != "%}") return false;
    advance(at + (strips ? 3 : 2) - at_);
    if (strips) advance(skip_spaces(at_) - at_);
    at_line_start_ = at_ > 0 && source_[at_ - 1] == '\n';
    return true;
  }

  /// Past the end of a tag, whose `end` starts at `at` ('-' or '+' before it is counted in).
  void close(size_t at, char sign, bool trims) {
    advance(at + 2 - at_);
    if (sign == '-')
      advance(skip_spaces(at_) - at_);
    else if (trims && sign != '+' && at_ < source_.size() && source_[at_] == '\n')
      advance(1);
    at_line_start_ = at_ > 0 && source_[at_ - 1] == '\n';
  }

  Outcome<void> comment() {
    const size_t end = source_.find("#}", at_);
    if (end == source_.npos) return wrong("Missing end of comment tag");
    const char sign = end > at_ ? sign_at(end - 1) : 0;
    return close(end, sign, true), Outcome<void>();
  }

  Outcome<void> raw() {
    for (size_t tag = source_.find("{%", at_); tag != source_.npos; tag = source_.find("{%", tag + 2)) {
      const char open = sign_at(tag + 2);
      size_t at = skip_spaces(tag + 2 + (open ? 1 : 0));
      if (std::string_view(source_).substr(at, 6) != "endraw") continue;
      at = skip_spaces(at + 6);
      const char sign = sign_at(at);
      if (std::string_view(source_).substr(at + (sign ? 1 : 0), 2) != "%}") continue;
      add_text(before(std::string_view(source_).substr(at_, tag - at_), open, false));
      return close(at + (sign ? 1 : 0), sign, true), Outcome<void>();
    }
    return wrong("Missing end of raw directive");
  }

  /// Tokens up to the tag's end; in brackets "}}" closes two of them.
  Outcome<void> inside(std::string_view end, Kind end_kind) {
    std::string open;
    while (at_ < source_.size()) {
      const char c = source_[at_];
      const char sign = sign_at(at_);
      if (open.empty() && rest().substr(sign ? 1 : 0).starts_with(end) && !(sign == '+' && end == "}}")) {
        add(end_kind, "");
        return close(at_ + (sign ? 1 : 0), sign, end == "%}"), Outcome<void>();
      }
      if (kSpaces.find(c) != kSpaces.npos)
        advance(1);
      else
        NACRE_TRY(token(open));
    }
    return {};
  }

  Outcome<void> token(std::string& open) {
    const char c = source_[at_];
    if (is_digit(c)) return number();
    if (c == '"' || c == '\'') return string(c);
    if (is_letter(c)) return name();
    return symbol(open);
  }

  Outcome<void> name() {
    size_t end = at_;
    while (end < source_.size() && (is_letter(source_[end]) || is_digit(source_[end]))) ++end;
    add(Kind::name, source_.substr(at_, end - at_));
    return advance(end - at_), Outcome<void>();
  }

  size_t digits(size_t at) const {
    while (at < source_.size() && (is_digit(source_[at]) || (source_[at] == '_' && at + 1 < source_.size() && is_digit(source_[at + 1]))))
      ++at;
    return at;
  }

  Outcome<void> number() {
    constexpr std::string_view bases = "xXoObB";
    if (source_[at_] == '0' && at_ + 1 < source_.size() && bases.find(source_[at_ + 1]) != bases.npos) return based_number();
    size_t end = digits(at_);
    Kind kind = Kind::integer;
    const bool after_dot = at_ > 0 && source_[at_ - 1] == '.';
    if (!after_dot && end + 1 < source_.size() && source_[end] == '.' && is_digit(source_[end + 1]))
      kind = Kind::real, end = digits(end + 1);
    if (!after_dot && end < source_.size() && (source_[end] == 'e' || source_[end] == 'E')) {
      const size_t first = end + 1 + (end + 1 < source_.size() && (source_[end + 1] == '-' || source_[end + 1] == '+') ? 1 : 0);
      if (first < source_.size() && is_digit(source_[first])) kind = Kind::real, end = digits(first);
    }
    std::string text = source_.substr(at_, end - at_);
    std::erase(text, '_');
    add(kind, std::move(text));
    return advance(end - at_), Outcome<void>();
  }

  Outcome<void> based_number() {
    size_t end = at_ + 2;
    while (end < source_.size() && ((is_letter(source_[end]) && source_[end] > 0) || is_digit(source_[end]))) ++end;
    std::string text = source_.substr(at_, end - at_);
    std::erase(text, '_');
    add(Kind::integer, std::move(text));
    return advance(end - at_), Outcome<void>();
  }

  Outcome<void> string(char quote) {
    size_t end = at_ + 1;
    while (end < source_.size() && source_[end] != quote) end += source_[end] == '\\' ? 2 : 1;
    if (end >= source_.size()) return wrong("unexpected char " + std::string(1, quote));
    add(Kind::string, NACRE_TRY(unescaped(std::string_view(source_).substr(at_ + 1, end - at_ - 1))));
    return advance(end + 1 - at_), Outcome<void>();
  }

  /// Python's string escapes; an unknown one stays as it is.
  Outcome<std::string> unescaped(std::string_view text) const {
    std::string out;
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] != '\\' || i + 1 >= text.size()) {
        out += text[i];
        continue;
      }
      constexpr std::string_view letters = "ntr\\'\"abfv\n", plain("\n\t\r\\'\"\a\b\f\v\0", 11);
      const char letter = text[++i];
      const size_t known = letters.find(letter);
      if (letter == 'x' || letter == 'u' || letter == 'U')
        i += NACRE_TRY(append_code(out, text.substr(i + 1), letter == 'x' ? 2 : letter == 'u' ? 4 : 8));
      else if (letter >= '0' && letter <= '7')
        i += append_octal(out, text.substr(i)) - 1;
      else if (known == letters.npos)
        out += '\\', out += letter;
      else if (letter != '\n')
        out += plain[known];
    }
    return out;
  }

  /// Up to three digits; how many.
  static size_t append_octal(std::string& out, std::string_view text) {
    char32_t code = 0;
    size_t count = 0;
    for (; count < 3 && count < text.size() && text[count] >= '0' && text[count] <= '7'; ++count)
      code = code * 8 + static_cast<char32_t>(text[count] - '0');
    char bytes[4];
    out.append(bytes, static_cast<size_t>(encode_utf8(code, bytes)));
    return count;
  }

  Outcome<size_t> append_code(std::string& out, std::string_view text, size_t digits) const {
    char32_t code = 0;
    for (size_t i = 0; i < digits; ++i) {
      constexpr std::string_view hex = "0123456789abcdef";
      const size_t digit = i < text.size() ? hex.find(static_cast<char>(is_digit(text[i]) ? text[i] : text[i] | 0x20)) : hex.npos;
      if (digit == hex.npos) return wrong("truncated escape in a string");
      code = code << 4 | static_cast<char32_t>(digit);
    }
    if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return wrong("a string holds what is no Unicode character");
    char bytes[4];
    out.append(bytes, static_cast<size_t>(encode_utf8(code, bytes)));
    return digits;
  }

  Outcome<void> symbol(std::string& open) {
    constexpr std::string_view two[] = {"//", "**", "==", "!=", ">=", "<="};
    constexpr std::string_view one = "+-*/%~[](){}<>=.:|,;";
    for (const std::string_view each : two)
      if (rest().starts_with(each)) return add(Kind::symbol, std::string(each)), advance(2), Outcome<void>();
    const char c = source_[at_];
    if (one.find(c) == one.npos) return wrong(cat("unexpected char '", c, "' at ", at_));
    if (c == '(' || c == '[' || c == '{') open += c == '(' ? ')' : c == '[' ? ']' : '}';
    if (c == ')' || c == ']' || c == '}') {
      if (open.empty()) return wrong(cat("unexpected '", c, "'"));
      if (open.back() != c) return wrong(cat("unexpected '", c, "', expected '", open.back(), "'"));
      open.pop_back();
    }
    return add(Kind::symbol, std::string(1, c)), advance(1), Outcome<void>();
  }

  std::string source_;
  size_t at_ = 0;
  int line_ = 1;
  bool at_line_start_ = true;
  std::vector<Token> tokens_;
};

}  // namespace

Outcome<std::vector<Token>> tokenize(std::string_view source) {
  if (find_invalid_utf8(source)) return stop(Error::syntax, "the template is not UTF-8 at byte ", *find_invalid_utf8(source));
  return Lexer(normalised(source)).run();
}

std::string describe(const Token& token) {
  switch (token.kind) {
    case Kind::end: return "end of template";
    case Kind::text: return "template data";
    case Kind::print_begin: return "begin of print statement";
    case Kind::print_end: return "end of print statement";
    case Kind::block_begin: return "begin of statement block";
    case Kind::block_end: return "end of statement block";
    default: return cat("'", token.text, "'");
  }
}

}  // namespace nacre::templates
