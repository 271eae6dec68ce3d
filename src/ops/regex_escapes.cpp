#include <utf8proc.h>

#include "ops/regex_parser.h"

namespace nacre {

uint32_t RegexCursor::take_code() {
  utf8proc_int32_t code;
  const utf8proc_ssize_t used =
      utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(rest.data()), static_cast<utf8proc_ssize_t>(rest.size()), &code);
  const uint32_t out = used > 0 ? static_cast<uint32_t>(code) : static_cast<uint8_t>(rest[0]);
  rest.remove_prefix(used > 0 ? static_cast<size_t>(used) : 1);
  return out;
}

namespace {

Result<CodeRanges> category(RegexCursor& cursor) {
  const bool negated = cursor.take("P");
  if (!negated) cursor.take("p");
  const size_t end = cursor.rest.find('}');
  std::string_view name = cursor.rest.substr(0, 1);
  if (cursor.take("{")) {
    if (end == std::string_view::npos) return cursor.refuse("an unclosed '{'");
    name = cursor.rest.substr(0, end - 1);
    cursor.rest.remove_prefix(end);
  } else if (!name.empty()) {
    cursor.rest.remove_prefix(1);
  }
  CodeRanges out = category_class(name);
  if (out.empty())
    return fail(ErrorCode::unsupported, "pattern \"", cursor.pattern, "\" names the class '", name, "', which is no Unicode category");
  return negated ? complement(std::move(out)) : out;
}

Result<CodeRanges> hexadecimal(RegexCursor& cursor) {
  cursor.take("x");
  const bool braces = cursor.take("{");
  uint32_t code = 0;
  size_t digits = 0;
  for (; digits < cursor.rest.size() && digits < (braces ? 6 : 2); ++digits) {
    const char c = cursor.rest[digits];
    const int value = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    if (value < 0) break;
    code = code * 16 + static_cast<uint32_t>(value);
  }
  cursor.rest.remove_prefix(digits);
  if ((braces ? digits == 0 || !cursor.take("}") : digits != 2) || code > 0x10ffff) return cursor.refuse("a bad '\\x' before it,");
  return CodeRanges{{code, code}};
}

CodeRanges octal(RegexCursor& cursor) {
  uint32_t code = 0;
  for (int digits = 0; digits < 3 && !cursor.rest.empty() && cursor.rest[0] >= '0' && cursor.rest[0] <= '7';
       ++digits, cursor.rest.remove_prefix(1))
    code = code * 8 + static_cast<uint32_t>(cursor.rest[0] - '0');
  return {{code, code}};
}

}  // namespace

Result<CodeRanges> read_escape(RegexCursor& cursor) {
  if (cursor.rest.empty()) return cursor.refuse("a '\\' and nothing after it");
  const char letter = cursor.rest[0];
  if (CodeRanges known = escape_class(letter); !known.empty()) return cursor.rest.remove_prefix(1), known;
  if (letter == 'p' || letter == 'P') return category(cursor);
  if (letter == 'x') return hexadecimal(cursor);
  constexpr std::string_view kLetters = "aftnrv", kControls = "\a\f\t\n\r\v";
  if (const size_t found = kLetters.find(letter); found != std::string_view::npos) {
    cursor.rest.remove_prefix(1);
    return CodeRanges{{static_cast<uint32_t>(kControls[found]), static_cast<uint32_t>(kControls[found])}};
  }
  if ((letter >= '1' && letter <= '9') || (letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z'))
    return cursor.refuse("an unknown escape");
  if (letter == '0') return octal(cursor);
  const uint32_t code = cursor.take_code();
  return CodeRanges{{code, code}};
}

}  // namespace nacre
