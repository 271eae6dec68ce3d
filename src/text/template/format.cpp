// "%s" % values, and "{}".format(...).
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "text/template/engine.h"
#include "text/template/functions.h"
#include "text/unicode.h"

namespace nacre::templates {
namespace {

using Error = TemplateError::Kind;

constexpr int kWidest = 1 << 20;

/// Both languages' specification: [[fill]align][sign][#][0][width][,][.precision][type].
struct Specification {
  std::string fill = " ";
  char align = 0, sign = '-', type = 0;
  bool alternate = false, zero = false, grouped = false;
  int width = 0, precision = -1;
};

/// A whole number at `at`, which is moved behind it; too large ones end at the widest.
int number_at(std::string_view text, size_t& at) {
  int out = 0;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) out = std::min(out * 10 + (text[at] - '0'), kWidest + 1);
  return out;
}

std::string grouped(std::string digits) {
  const size_t whole = std::min(digits.find_first_not_of("0123456789"), digits.size());
  for (size_t at = whole; at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string in_base(Integer value, int base) {
  std::string out;
  do out += "0123456789abcdef"[static_cast<size_t>(value % base)];
  while ((value /= base) != 0);
  return {out.rbegin(), out.rend()};
}

/// printf of a finite or infinite number; `type` is one of e E f F g G.
std::string printed_real(double value, char type, int precision, bool alternate) {
  if (!std::isfinite(value)) return std::isnan(value) ? "nan" : "inf";
  const char format[] = {'%', alternate ? '#' : '.', alternate ? '.' : '*', alternate ? '*' : type, alternate ? type : '\0', '\0'};
  char small[512];
  const int size = std::snprintf(small, sizeof small, format, precision, value);
  if (size < static_cast<int>(sizeof small)) return small;
  std::string out(static_cast<size_t>(size) + 1, '\0');
  std::snprintf(out.data(), out.size(), format, precision, value);
  out.pop_back();
  return out;
}

std::string padded(const Specification& spec, const std::string& sign, const std::string& body, char fallback) {
  const size_t size = count_codes(sign) + count_codes(body), width = static_cast<size_t>(spec.width);
  if (size >= width) return sign + body;
  const char align = spec.align ? spec.align : spec.zero ? '=' : fallback;
  const std::string& fill = spec.align == 0 && spec.zero ? std::string("0") : spec.fill;
  const size_t missing = width - size, left = align == '<' ? 0 : align == '^' ? missing / 2 : missing;
  std::string out = align == '=' ? sign : "";
  for (size_t i = 0; i < left; ++i) out += fill;
  out += align == '=' ? body : sign + body;
  for (size_t i = left; i < missing; ++i) out += fill;
  return out;
}

std::string sign_of(const Specification& spec, bool negative) {
  if (negative) return "-";
  return spec.sign == '-' ? "" : std::string(1, spec.sign);
}

Outcome<std::string> formatted_integer(const Specification& spec, Integer value) {
  const Integer size = value < 0 ? -value : value;
  std::string body, prefix;
  switch (spec.type) {
    case 'x':
    case 'X': body = in_base(size, 16), prefix = spec.type == 'x' ? "0x" : "0X"; break;
    case 'o': body = in_base(size, 8), prefix = "0o"; break;
    case 'b': body = in_base(size, 2), prefix = "0b"; break;
    default: body = integer_text(size); break;
  }
  if (spec.type == 'X')
    std::transform(body.begin(), body.end(), body.begin(), [](char c) { return c >= 'a' ? static_cast<char>(c - 32) : c; });
  if (spec.grouped) body = grouped(body);
  return padded(spec, sign_of(spec, value < 0) + (spec.alternate ? prefix : ""), body, '>');
}

Outcome<std::string> formatted_real(const Specification& spec, double value) {
  const bool percent = spec.type == '%';
  const char type = percent ? 'f' : spec.type ? spec.type : 'g';
  const bool negative = std::signbit(value) && !std::isnan(value);
  std::string body;
  if (!spec.type && spec.precision < 0)
    body = real_text(std::abs(value));
  else
    body = printed_real(std::abs(percent ? value * 100 : value), type, spec.precision < 0 ? 6 : spec.precision, spec.alternate);
  if (!spec.type && spec.precision >= 0 && body.find_first_of(".en") == body.npos) body += ".0";
  if (spec.grouped) body = grouped(body);
  return padded(spec, sign_of(spec, negative), body + (percent ? "%" : ""), '>');
}

std::string formatted_text(const Specification& spec, std::string text) {
  if (spec.precision >= 0) {
    std::vector<std::string> letters = characters(text);
    letters.resize(std::min(letters.size(), static_cast<size_t>(spec.precision)));
    text.clear();
    for (const std::string& letter : letters) text += letter;
  }
  return padded(spec, "", text, '<');
}

Outcome<void> check_width(Engine& engine, const Specification& spec) {
  if (spec.width > kWidest || spec.precision > kWidest) return stop(Error::limit, "a format of more than ", kWidest, " characters");
  return engine.reserve(4 * (spec.width + std::max(spec.precision, 0)) + 64);
}

// --- % ---

class Percent {
 public:
  Percent(Engine& engine, std::string_view format, const Value& values) : engine_(engine), format_(format), values_(values) {
    const List* items = values.items();
    if (items && items->kind == List::Kind::tuple)
      positional_ = items->values;
    else
      positional_ = {values};
  }

  Outcome<std::string> run() {
    std::string out;
    while (at_ < format_.size()) {
      if (format_[at_] != '%') {
        out += format_[at_++];
        continue;
      }
      ++at_;
      out += NACRE_TRY(conversion());
      NACRE_TRY(engine_.spend(1));
    }
    const bool tuple = values_.items() && values_.items()->kind == List::Kind::tuple;
    if (used_ < positional_.size() && !values_.entries() && (tuple || used_ == 0))
      return stop(Error::other, "not all arguments converted during string formatting");
    return out;
  }

 private:
  Outcome<Value> next() {
    if (used_ >= positional_.size()) return stop(Error::other, "not enough arguments for format string");
    return positional_[used_++];
  }

  Outcome<std::string> conversion() {
    Value value;
    bool named = false;
    if (at_ < format_.size() && format_[at_] == '(') {
      const size_t end = format_.find(')', at_);
      if (end == format_.npos) return stop(Error::other, "incomplete format key");
      const Value* found = values_.entries() ? values_.entries()->find(format_.substr(at_ + 1, end - at_ - 1)) : nullptr;
      if (!values_.entries()) return stop(Error::other, "format requires a mapping");
      if (!found) return stop(Error::other, "'", format_.substr(at_ + 1, end - at_ - 1), "'");
      value = *found, named = true, at_ = end + 1;
    }
    Specification spec = NACRE_TRY(specification());
    if (at_ >= format_.size()) return stop(Error::other, "incomplete format");
    const char type = format_[at_++];
    if (type == '%') return std::string("%");
    if (!named) value = NACRE_TRY(next());
    return converted(spec, type, value);
  }

  Outcome<Specification> specification() {
    Specification spec;
    bool left = false;
    for (; at_ < format_.size(); ++at_) {
      const char c = format_[at_];
      if (c == '-')
        left = true;
      else if (c == '0')
        spec.zero = true;
      else if (c == '#')
        spec.alternate = true;
      else if (c == '+' || (c == ' ' && spec.sign != '+'))
        spec.sign = c;
      else if (c != ' ')
        break;
    }
    spec.align = left ? '<' : 0;
    spec.width = NACRE_TRY(size());
    if (spec.width < 0) spec.align = '<', spec.width = -spec.width;
    if (at_ < format_.size() && format_[at_] == '.') ++at_, spec.precision = std::max(0, NACRE_TRY(size()));
    while (at_ < format_.size() && (format_[at_] == 'l' || format_[at_] == 'h' || format_[at_] == 'L')) ++at_;
    NACRE_TRY(check_width(engine_, spec));
    return spec;
  }

  Outcome<int> size() {
    if (at_ >= format_.size() || format_[at_] != '*') return number_at(format_, at_);
    ++at_;
    const Value value = NACRE_TRY(next());
    if (!value.is_integer()) return stop(Error::other, "* wants int");
    return static_cast<int>(std::clamp<Integer>(value.integer(), -kWidest - 1, kWidest + 1));
  }

  Outcome<std::string> converted(Specification spec, char type, const Value& value) {
    if (value.error()) return std::unexpected(*value.error());
    constexpr std::string_view wholes = "diuxXo", reals = "eEfFgG";
    spec.type = type;
    if (type == 's' || type == 'r' || type == 'a') {
      spec.zero = false;
      if (!spec.align) spec.align = '>';
      return formatted_text(spec, type == 's' ? NACRE_TRY(engine_.print(value)) : NACRE_TRY(engine_.represent(value)));
    }
    if (type == 'c' && value.text() && count_codes(*value.text()) == 1) return formatted_text(spec, *value.text());
    if (wholes.find(type) == wholes.npos && reals.find(type) == reals.npos)
      return stop(Error::other, "unsupported format character '", type, "'");
    if (!value.is_number()) return stop(Error::other, "%", type, " format: a real number is required, not ", value.type_name());
    if (reals.find(type) != reals.npos) return formatted_real(spec, value.real());
    if (value.is_real() && !(std::abs(value.real()) < 1e18)) return stop(Error::other, "cannot convert this float to integer");
    return formatted_integer(spec, value.is_real() ? static_cast<Integer>(value.real()) : value.integer());
  }

  Engine& engine_;
  std::string_view format_;
  const Value& values_;
  std::vector<Value> positional_;
  size_t at_ = 0, used_ = 0;
};

// --- {} ---

Outcome<Specification> parse_specification(std::string_view text) {
  Specification spec;
  constexpr std::string_view aligns = "<>^=";
  size_t at = 0;
  const std::vector<std::string> letters = characters(text.substr(0, std::min<size_t>(text.size(), 8)));
  const size_t first = letters.empty() ? 0 : letters[0].size();
  if (first < text.size() && aligns.find(text[first]) != aligns.npos && first > 0)
    spec.fill = letters[0], spec.align = text[first], at = first + 1;
  else if (!text.empty() && aligns.find(text[0]) != aligns.npos)
    spec.align = text[0], at = 1;
  if (at < text.size() && (text[at] == '+' || text[at] == '-' || text[at] == ' ')) spec.sign = text[at++];
  if (at < text.size() && text[at] == '#') spec.alternate = true, ++at;
  if (at < text.size() && text[at] == '0') spec.zero = true, ++at;
  spec.width = number_at(text, at);
  if (at < text.size() && text[at] == ',') spec.grouped = true, ++at;
  if (at < text.size() && text[at] == '.') ++at, spec.precision = number_at(text, at);
  if (at < text.size()) spec.type = text[at++];
  if (at < text.size()) return stop(Error::other, "Invalid format specifier '", text, "'");
  return spec;
}

class Braces {
 public:
  Braces(Engine& engine, std::string_view format, const Arguments& arguments) : engine_(engine), format_(format), arguments_(arguments) {}

  Outcome<std::string> run() {
    std::string out;
    for (size_t at = 0; at < format_.size(); ++at) {
      const char c = format_[at];
      if (c != '{' && c != '}') {
        out += c;
      } else if (at + 1 < format_.size() && format_[at + 1] == c) {
        out += c, ++at;
      } else if (c == '}') {
        return stop(Error::other, "Single '}' encountered in format string");
      } else {
        const size_t end = format_.find('}', at);
        if (end == format_.npos) return stop(Error::other, "expected '}' before end of string");
        out += NACRE_TRY(field(format_.substr(at + 1, end - at - 1)));
        NACRE_TRY(engine_.spend(1));
        at = end;
      }
    }
    return out;
  }

 private:
  Outcome<Value> first(std::string_view name) {
    const bool number = !name.empty() && name.find_first_not_of("0123456789") == name.npos;
    if (!number && !name.empty()) {
      if (const Value* value = arguments_.find(SIZE_MAX, name)) return *value;
      return stop(Error::other, "'", name, "'");
    }
    const Value place = number ? parse_integer(name, 10) : Value(next_++);
    if (place.is_undefined() || place.integer() >= static_cast<Integer>(arguments_.positional.size()))
      return stop(Error::other, "Replacement index ", name, " out of range for positional args tuple");
    return arguments_.positional[static_cast<size_t>(place.integer())];
  }

  /// "0.name[key]"
  Outcome<Value> value_of(std::string_view name) {
    size_t at = std::min(name.find_first_of(".["), name.size());
    Value value = NACRE_TRY(first(name.substr(0, at)));
    while (at < name.size()) {
      const bool bracket = name[at] == '[';
      const size_t end = std::min(bracket ? name.find(']', at) : name.find_first_of(".[", at + 1), name.size());
      const std::string_view part = name.substr(at + 1, end - at - 1);
      const bool number = bracket && !part.empty() && part.find_first_not_of("0123456789") == part.npos;
      value = bracket ? NACRE_TRY(engine_.item(value, number ? parse_integer(part, 10) : Value(part)))
                      : NACRE_TRY(engine_.attribute(value, part));
      if (value.error()) return std::unexpected(*value.error());
      at = end + (bracket ? 1 : 0);
    }
    return value;
  }

  Outcome<std::string> field(std::string_view text) {
    if (text.find('{') != text.npos) return stop(Error::other, "nested format fields are not supported");
    const size_t colon = std::min(text.find(':'), text.size());
    std::string_view name = text.substr(0, colon), conversion;
    if (const size_t mark = name.find('!'); mark != name.npos) conversion = name.substr(mark + 1), name = name.substr(0, mark);
    Value value = NACRE_TRY(value_of(name));
    if (conversion == "r" || conversion == "a") value = NACRE_TRY(engine_.text(NACRE_TRY(engine_.represent(value))));
    if (conversion == "s") value = NACRE_TRY(engine_.text(NACRE_TRY(engine_.print(value))));
    if (colon + 1 >= text.size()) return engine_.print(value);
    return formatted(NACRE_TRY(parse_specification(text.substr(colon + 1))), value);
  }

  Outcome<std::string> formatted(const Specification& spec, const Value& value) {
    NACRE_TRY(check_width(engine_, spec));
    constexpr std::string_view wholes = "dxXob", reals = "eEfFgG%";
    const bool whole = spec.type == 0 || wholes.find(spec.type) != wholes.npos;
    if (value.is_integer() && !value.is_boolean() && whole) return formatted_integer(spec, value.integer());
    if (value.is_number() && !value.is_boolean() && (spec.type == 0 || reals.find(spec.type) != reals.npos))
      return formatted_real(spec, value.real());
    if (spec.type != 0 && spec.type != 's')
      return stop(Error::other, "Unknown format code '", spec.type, "' for object of type '", value.type_name(), "'");
    return formatted_text(spec, NACRE_TRY(engine_.print(value)));
  }

  Engine& engine_;
  std::string_view format_;
  const Arguments& arguments_;
  size_t next_ = 0;
};

}  // namespace

Outcome<std::string> format_percent(Engine& engine, std::string_view format, const Value& values) {
  NACRE_TRY(engine.reserve(static_cast<int64_t>(format.size())));
  return Percent(engine, format, values).run();
}

Outcome<std::string> format_braces(Engine& engine, std::string_view format, const Arguments& arguments) {
  NACRE_TRY(engine.reserve(static_cast<int64_t>(format.size())));
  return Braces(engine, format, arguments).run();
}

}  // namespace nacre::templates
