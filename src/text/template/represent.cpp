// How Python prints values: str, repr, and json.dumps.
#include <utf8proc.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "text/template/objects.h"
#include "text/unicode.h"

namespace nacre::templates {
namespace {

constexpr char kHex[] = "0123456789abcdef";

std::string hexadecimal(char32_t code, int digits) {
  std::string out;
  for (int digit = digits - 1; digit >= 0; --digit) out += kHex[code >> (4 * digit) & 15];
  return out;
}

/// str.isprintable of one code point: no control, separator or unassigned one, but the space.
bool is_printable(char32_t code) {
  if (code == ' ') return true;
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(code))) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_ZS: return false;
    default: return true;
  }
}

void append_escaped(std::string& out, char32_t code, char quote) {
  switch (code) {
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    case '\\': out += "\\\\"; return;
    default: break;
  }
  if (code == static_cast<char32_t>(quote)) {
    out += '\\', out += quote;
  } else if (is_printable(code)) {
    char bytes[4];
    out.append(bytes, static_cast<size_t>(encode_utf8(code, bytes)));
  } else if (code < 0x100) {
    out += "\\x" + hexadecimal(code, 2);
  } else {
    out += code < 0x10000 ? "\\u" + hexadecimal(code, 4) : "\\U" + hexadecimal(code, 8);
  }
}

std::string in_quotes(std::string_view text) {
  const bool apostrophe = text.find('\'') != text.npos, quotes = text.find('"') != text.npos;
  const char quote = apostrophe && !quotes ? '"' : '\'';
  std::string out(1, quote);
  for (const char* at = text.data(); at < text.data() + text.size();) append_escaped(out, next_code(at), quote);
  return out += quote;
}

std::string joined(std::span<const Value> values) {
  std::string out;
  for (const Value& value : values) out += cat(out.empty() ? "" : ", ", representation(value));
  return out;
}

std::string list_text(const List& list) {
  const std::string inside = joined(list.values);
  if (list.kind == List::Kind::list) return "[" + inside + "]";
  if (list.kind == List::Kind::view) return list.label.starts_with("range(") ? list.label : list.label + "([" + inside + "])";
  return "(" + inside + (list.values.size() == 1 ? ",)" : ")");
}

std::string dict_text(const Dict& dict) {
  std::string out = "{";
  for (const auto& [key, value] : dict.pairs) out += cat(out.size() == 1 ? "" : ", ", representation(key), ": ", representation(value));
  return out + "}";
}

}  // namespace

std::string integer_text(Integer value) {
  if (value == 0) return "0";
  std::string out;
  const bool negative = value < 0;
  for (; value != 0; value /= 10) out += static_cast<char>('0' + std::abs(static_cast<int>(value % 10)));
  if (negative) out += '-';
  std::reverse(out.begin(), out.end());
  return out;
}

/// The shortest digits that read back; an exponent below 1e-4 and from 1e16 on.
std::string real_text(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
  std::string_view text(buffer, static_cast<size_t>(end - buffer));
  const std::string sign = text[0] == '-' ? "-" : "";
  text.remove_prefix(sign.size());
  const size_t mark = text.find('e');
  int exponent = 0;
  const std::string_view written = text.substr(mark + (text[mark + 1] == '+' ? 2 : 1));
  std::from_chars(written.data(), written.data() + written.size(), exponent);
  std::string digits(1, text[0]);
  if (mark > 2) digits += text.substr(2, mark - 2);
  if (exponent < -4 || exponent >= 16) {
    std::string out = sign + digits.substr(0, 1) + (digits.size() > 1 ? "." + digits.substr(1) : "") + (exponent < 0 ? "e-" : "e+");
    return out += cat(std::abs(exponent) < 10 ? "0" : "", std::abs(exponent));
  }
  if (exponent < 0) return sign + "0." + std::string(static_cast<size_t>(-exponent - 1), '0') + digits;
  const size_t whole = static_cast<size_t>(exponent) + 1;
  if (digits.size() < whole) digits.append(whole - digits.size(), '0');
  return sign + digits.substr(0, whole) + "." + (digits.size() > whole ? digits.substr(whole) : "0");
}

std::string text_of(const Value& value) {
  if (value.text()) return *value.text();
  return value.is_undefined() ? "" : representation(value);
}

std::string representation(const Value& value) {
  if (value.is_none()) return "None";
  if (value.is_undefined()) return "Undefined";
  if (value.is_boolean()) return value.truth() ? "True" : "False";
  if (value.is_integer()) return integer_text(value.integer());
  if (value.is_real()) return real_text(value.real());
  if (value.text()) return in_quotes(*value.text());
  if (value.items()) return list_text(*value.items());
  if (value.entries()) return dict_text(*value.entries());
  if (const auto macro = value.object<const Macro>()) return cat("<Macro '", macro->name, "'>");
  return cat("<", value.type_name(), ">");
}

// --- JSON ---

namespace {

void append_unit(std::string& out, char32_t unit) { out += "\\u" + hexadecimal(unit, 4); }

std::string json_quoted_as(std::string_view text, bool ascii) {
  std::string out = "\"";
  for (const char* at = text.data(); at < text.data() + text.size();) {
    const char* start = at;
    const char32_t code = next_code(at);
    constexpr std::string_view plain = "\"\\\n\r\t\f\b", letters = "\"\\nrtfb";
    if (const size_t found = code < 0x80 ? plain.find(static_cast<char>(code)) : plain.npos; found != plain.npos) {
      out += '\\', out += letters[found];
    } else if (code < 0x20 || (ascii && code > 0x7E && code < 0x10000)) {
      append_unit(out, code);
    } else if (ascii && code >= 0x10000) {
      append_unit(out, 0xD800 + ((code - 0x10000) >> 10)), append_unit(out, 0xDC00 + ((code - 0x10000) & 0x3FF));
    } else {
      out.append(start, at);
    }
  }
  return out += '"';
}

std::string json_real(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  return real_text(value);
}

class JsonWriter {
 public:
  explicit JsonWriter(const JsonStyle& style) : style_(style) {}
  std::string out;

  Outcome<void> write(const Value& value) {
    if (value.is_none()) return out += "null", Outcome<void>();
    if (value.is_boolean()) return out += value.truth() ? "true" : "false", Outcome<void>();
    if (value.is_integer()) return out += integer_text(value.integer()), Outcome<void>();
    if (value.is_real()) return out += json_real(value.real()), Outcome<void>();
    if (value.text()) return out += json_quoted_as(*value.text(), style_.ascii), Outcome<void>();
    if (value.entries()) return write_dict(*value.entries());
    if (value.items() && value.items()->kind != List::Kind::view) return write_list(*value.items());
    return stop(TemplateError::Kind::other, "Object of type ", value.type_name(), " is not JSON serializable");
  }

 private:
  void new_line() {
    if (!style_.indented) return;
    out += '\n';
    for (int level = 0; level < level_; ++level) out += style_.indent;
  }

  void open(char bracket) { out += bracket, ++level_, new_line(); }
  void close(char bracket) { --level_, new_line(), out += bracket; }
  void next() { out += style_.item_separator, new_line(); }

  Outcome<void> write_list(const List& list) {
    if (list.values.empty()) return out += "[]", Outcome<void>();
    open('[');
    for (size_t i = 0; i < list.values.size(); ++i) {
      if (i) next();
      NACRE_TRY(write(list.values[i]));
    }
    return close(']'), Outcome<void>();
  }

  Outcome<std::string> key_text(const Value& key) {
    if (key.text()) return *key.text();
    if (key.items() || key.entries() || key.is_undefined())
      return stop(TemplateError::Kind::other, "keys must be str, int, float, bool or None, not ", key.type_name());
    JsonWriter plain(style_);
    NACRE_TRY(plain.write(key));
    return plain.out;
  }

  Outcome<void> write_dict(const Dict& dict) {
    if (dict.pairs.empty()) return out += "{}", Outcome<void>();
    std::vector<std::pair<std::string, const Value*>> entries;
    for (const auto& [key, value] : dict.pairs) entries.emplace_back(NACRE_TRY(key_text(key)), &value);
    if (style_.sorted) std::sort(entries.begin(), entries.end());  // no two keys of a dict are equal
    open('{');
    for (size_t i = 0; i < entries.size(); ++i) {
      if (i) next();
      out += json_quoted_as(entries[i].first, style_.ascii) + style_.key_separator;
      NACRE_TRY(write(*entries[i].second));
    }
    return close('}'), Outcome<void>();
  }

  const JsonStyle& style_;
  int level_ = 0;
};

}  // namespace

Outcome<std::string> json_text(const Value& value, const JsonStyle& style) {
  JsonWriter writer(style);
  NACRE_TRY(writer.write(value));
  return std::move(writer.out);
}

}  // namespace nacre::templates
