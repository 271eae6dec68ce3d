// What Python's str does, on well-formed UTF-8.
#include <utf8proc.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "text/template/functions.h"
#include "text/unicode.h"

namespace nacre::templates {
namespace {

using Error = TemplateError::Kind;

void append_code(std::string& out, char32_t code) {
  char bytes[4];
  out.append(bytes, static_cast<size_t>(encode_utf8(code, bytes)));
}

// Upper case that is more than one character: SpecialCasing.txt of Unicode, the rows without conditions that texts meet.
struct Special {
  char32_t code;
  std::string_view upper, title;
};
constexpr Special kSpecials[] = {{0xDF, "SS", "Ss"},   {0x149, "ʼN", "ʼN"},    {0x1F0, "J̌", "J̌"},      {0x390, "Ϊ́", "Ϊ́"},
                                 {0x3B0, "Ϋ́", "Ϋ́"},    {0x587, "ԵՒ", "Եւ"},    {0xFB00, "FF", "Ff"},   {0xFB01, "FI", "Fi"},
                                 {0xFB02, "FL", "Fl"}, {0xFB03, "FFI", "Ffi"}, {0xFB04, "FFL", "Ffl"}, {0xFB05, "ST", "St"},
                                 {0xFB06, "ST", "St"}};

void append_upper(std::string& out, char32_t code, bool title) {
  for (const Special& each : kSpecials)
    if (each.code == code) return out += title ? each.title : each.upper, void();
  const auto plain = static_cast<utf8proc_int32_t>(code);
  append_code(out, static_cast<char32_t>(title ? utf8proc_totitle(plain) : utf8proc_toupper(plain)));
}

void append_lower(std::string& out, char32_t code) {
  char32_t lower[kMostCodes];
  const int count = nacre::lower_case(code, lower);
  for (int i = 0; i < count; ++i) append_code(out, lower[i]);
}

bool is_cased(char32_t code) {
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(code));
  return category == UTF8PROC_CATEGORY_LU || category == UTF8PROC_CATEGORY_LL || category == UTF8PROC_CATEGORY_LT;
}

bool is_space(char32_t code) { return has_class(code, CharClass::whitespace) || (code >= 0x1C && code <= 0x1F); }

bool starts_with_cased(std::string_view text) {
  for (const char* at = text.data(); at < text.data() + text.size();)
    if (const char32_t code = next_code(at); !has_class(code, CharClass::mark)) return is_cased(code);
  return false;
}

template <class F>
void each_code(std::string_view text, F&& visit) {
  for (const char* at = text.data(); at < text.data() + text.size();) visit(next_code(at));
}

std::vector<std::string> split_at_spaces(std::string_view text, int64_t most) {
  std::vector<std::string> out;
  const char *at = text.data(), *end = text.data() + text.size();
  for (;;) {
    const char* start = at;
    while (at < end && is_space(next_code(at))) start = at;
    if (start == end) return out;
    if (most >= 0 && static_cast<int64_t>(out.size()) == most) {
      out.emplace_back(stripped({start, end}, {}, 2));
      return out;
    }
    at = start;
    const char* stop = end;
    for (const char* look = start; look < end;) {
      const char* here = look;
      if (is_space(next_code(look))) {
        stop = here;
        break;
      }
    }
    out.emplace_back(start, stop);
    at = stop;
  }
}

}  // namespace

std::string upper_case(std::string_view text) {
  std::string out;
  each_code(text, [&](char32_t code) { append_upper(out, code, false); });
  return out;
}

std::string lower_case(std::string_view text) {
  std::string out;
  bool inside = false;  // behind a cased letter, marks between do not count
  for (const char *at = text.data(), *end = text.data() + text.size(); at < end;) {
    const char32_t code = next_code(at);
    if (code == U'Σ' && inside && !starts_with_cased({at, end}))
      append_code(out, U'ς');
    else
      append_lower(out, code);
    inside = is_cased(code) || (inside && has_class(code, CharClass::mark));
  }
  return out;
}

std::string title_case(std::string_view text) {
  std::string out;
  bool inside = false;
  each_code(text, [&](char32_t code) {
    if (inside)
      append_lower(out, code);
    else
      append_upper(out, code, true);
    inside = is_cased(code);
  });
  return out;
}

std::string capitalised(std::string_view text) {
  std::string out;
  bool first = true;
  each_code(text, [&](char32_t code) {
    if (std::exchange(first, false))
      append_upper(out, code, true);
    else
      append_lower(out, code);
  });
  return out;
}

std::vector<std::string> characters(std::string_view text) {
  std::vector<std::string> out;
  for (const char* at = text.data(); at < text.data() + text.size();) {
    const char* start = at;
    next_code(at);
    out.emplace_back(start, at);
  }
  return out;
}

std::vector<std::string> split_text(std::string_view text, std::string_view separator, int64_t most) {
  if (separator.empty()) return split_at_spaces(text, most);
  std::vector<std::string> out;
  for (;;) {
    const size_t at = most >= 0 && static_cast<int64_t>(out.size()) == most ? text.npos : text.find(separator);
    out.emplace_back(text.substr(0, at));
    if (at == text.npos) return out;
    text.remove_prefix(at + separator.size());
  }
}

std::string stripped(std::string_view text, std::string_view set, int sides) {
  std::vector<char32_t> wanted;
  each_code(set, [&](char32_t code) { wanted.push_back(code); });
  const auto goes = [&](char32_t code) {
    return wanted.empty() ? is_space(code) : std::find(wanted.begin(), wanted.end(), code) != wanted.end();
  };
  const char *begin = text.data(), *end = text.data() + text.size();
  for (const char* at = begin; (sides & 1) && at < end; begin = at)
    if (!goes(next_code(at))) break;
  while ((sides & 2) && end > begin) {
    const char* last = end - 1;
    while (last > begin && !starts_code(*last)) --last;
    const char* at = last;
    if (!goes(next_code(at))) break;
    end = last;
  }
  return {begin, end};
}

std::string replaced(std::string_view text, std::string_view from, std::string_view to, int64_t most) {
  std::string out;
  for (int64_t count = 0; most < 0 || count < most; ++count) {
    const size_t at = from.empty() ? 0 : text.find(from);
    if (at == text.npos || (from.empty() && text.empty())) {
      if (from.empty()) out += to;
      break;
    }
    size_t skip = from.size();
    if (from.empty()) {
      const char* behind = text.data();
      next_code(behind);
      skip = static_cast<size_t>(behind - text.data());
      out += to, out += text.substr(0, skip);
    } else {
      out += text.substr(0, at), out += to;
    }
    text.remove_prefix(at + skip);
  }
  return out += text;
}

std::string html_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    constexpr std::string_view special = "&<>\"'";
    constexpr std::string_view names[] = {"&amp;", "&lt;", "&gt;", "&#34;", "&#39;"};
    const size_t found = special.find(c);
    found == special.npos ? out += c : out += names[found];
  }
  return out;
}

Value parse_integer(std::string_view text, int base) {
  const Value none = Value::undefined("no number");
  std::string digits = lower_case(stripped(text, {}, 3));
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.erase(0, 1);
  constexpr std::pair<std::string_view, int> prefixes[] = {{"0x", 16}, {"0o", 8}, {"0b", 2}};
  for (const auto& [prefix, stands_for] : prefixes)
    if (digits.starts_with(prefix) && (base == 0 || base == stands_for)) digits.erase(0, 2), base = stands_for;
  if (base == 0) base = 10;
  std::erase(digits, '_');
  Integer out = 0;
  for (const char c : digits) {
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'z' ? c - 'a' + 10 : 99;
    if (digit >= base || __builtin_mul_overflow(out, Integer{base}, &out) || __builtin_add_overflow(out, Integer{digit}, &out)) return none;
  }
  return digits.empty() ? none : Value(negative ? -out : out);
}

Outcome<double> parse_real(std::string_view given) {
  std::string text = lower_case(stripped(given, {}, 3));
  std::erase(text, '_');
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.erase(0, 1);
  if (text == "infinity") text = "inf";
  double out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error == std::errc::result_out_of_range) out = text.find("e-") == text.npos ? INFINITY : 0;
  if (end != text.data() + text.size() || error == std::errc::invalid_argument || text.starts_with('-'))
    return stop(Error::other, "could not convert string to float: '", given, "'");
  return negative ? -out : out;
}

Outcome<Integer> integer_argument(const Arguments& arguments, size_t place, std::string_view name, Integer fallback) {
  const Value* value = arguments.find(place, name);
  if (!value || value->is_none()) return fallback;
  if (value->error()) return std::unexpected(*value->error());
  if (!value->is_integer()) return stop(Error::other, "'", value->type_name(), "' object cannot be interpreted as an integer");
  return value->integer();
}

std::string text_argument(const Arguments& arguments, size_t place, std::string_view name, std::string_view fallback) {
  const Value* value = arguments.find(place, name);
  return value && !value->is_none() && value->text() ? *value->text() : std::string(fallback);
}

bool flag_argument(const Arguments& arguments, size_t place, std::string_view name, bool fallback) {
  const Value* value = arguments.find(place, name);
  return value ? value->truth() : fallback;
}

}  // namespace nacre::templates
