// Methods of str.
#include <utf8proc.h>

#include <algorithm>

#include "text/template/engine.h"
#include "text/template/functions.h"
#include "text/unicode.h"

namespace nacre::templates {
namespace {

using Error = TemplateError::Kind;

const std::string& text_of_self(const Value& self) { return *self.text(); }

template <std::string (*change)(std::string_view)>
Outcome<Value> changed(Engine& engine, const Value& self, const Arguments&) {
  return engine.text(change(text_of_self(self)));
}

template <int sides>
Outcome<Value> strip(Engine& engine, const Value& self, const Arguments& arguments) {
  const Value* set = arguments.find(0, "chars");
  if (set && !set->is_none() && !set->text()) return stop(Error::other, "strip arg must be None or str");
  const std::string letters = text_argument(arguments, 0, "chars", "");
  if (set && set->text() && letters.empty()) return self;
  NACRE_TRY(engine.spend(static_cast<int64_t>(letters.size())));
  return engine.text(stripped(text_of_self(self), letters, sides));
}

Outcome<Value> list_of(Engine& engine, const std::vector<std::string>& texts) {
  NACRE_TRY(engine.spend(static_cast<int64_t>(texts.size())));
  std::vector<Value> out;
  for (const std::string& each : texts) out.push_back(NACRE_TRY(engine.text(each)));
  return engine.list(std::move(out));
}

Outcome<std::string> separator_of(const Arguments& arguments) {
  const Value* separator = arguments.find(0, "sep");
  if (!separator || separator->is_none()) return std::string();
  if (!separator->text()) return stop(Error::other, "must be str or None, not ", separator->type_name());
  if (separator->text()->empty()) return stop(Error::other, "empty separator");
  return *separator->text();
}

Outcome<int64_t> count_of(const Arguments& arguments, size_t place, std::string_view name) {
  return static_cast<int64_t>(std::clamp<Integer>(NACRE_TRY(integer_argument(arguments, place, name, -1)), -1, INT64_MAX));
}

Outcome<Value> split(Engine& engine, const Value& self, const Arguments& arguments) {
  NACRE_TRY(engine.reserve(static_cast<int64_t>(text_of_self(self).size()) * 32));
  const std::string separator = NACRE_TRY(separator_of(arguments));
  return list_of(engine, split_text(text_of_self(self), separator, NACRE_TRY(count_of(arguments, 1, "maxsplit"))));
}

/// From the right: the same on the reversed text, and back.
Outcome<Value> rsplit(Engine& engine, const Value& self, const Arguments& arguments) {
  NACRE_TRY(engine.reserve(static_cast<int64_t>(text_of_self(self).size()) * 32));
  const std::string separator = NACRE_TRY(separator_of(arguments));
  const int64_t most = NACRE_TRY(count_of(arguments, 1, "maxsplit"));
  std::vector<std::string> parts = split_text(text_of_self(self), separator, -1);
  if (most < 0 || static_cast<int64_t>(parts.size()) <= most + 1) return list_of(engine, parts);
  const size_t kept = parts.size() - static_cast<size_t>(most);
  std::string first;
  if (separator.empty()) {
    std::string_view rest = text_of_self(self);
    for (size_t i = parts.size(); i-- > kept;) rest = rest.substr(0, rest.rfind(parts[i]));
    first = stripped(rest, {}, 2);
  } else {
    for (size_t i = 0; i < kept; ++i) first += (i ? separator : "") + parts[i];
  }
  parts.erase(parts.begin(), parts.begin() + static_cast<ptrdiff_t>(kept) - 1);
  parts[0] = first;
  return list_of(engine, parts);
}

bool is_line_end(char32_t code) {
  return (code >= '\n' && code <= '\r') || (code >= 0x1C && code <= 0x1E) || code == 0x85 || code == 0x2028 || code == 0x2029;
}

Outcome<Value> splitlines(Engine& engine, const Value& self, const Arguments& arguments) {
  const bool keep = flag_argument(arguments, 0, "keepends", false);
  const std::string& text = text_of_self(self);
  NACRE_TRY(engine.reserve(static_cast<int64_t>(text.size()) * 32));
  std::vector<std::string> out;
  const char *start = text.data(), *end = text.data() + text.size();
  for (const char* at = start; at < end;) {
    const char* here = at;
    const char32_t code = next_code(at);
    if (!is_line_end(code)) continue;
    if (code == '\r' && at < end && *at == '\n') ++at;
    out.emplace_back(start, keep ? at : here);
    start = at;
  }
  if (start < end) out.emplace_back(start, end);
  return list_of(engine, out);
}

template <bool at_start>
Outcome<Value> has_end(Engine& engine, const Value& self, const Arguments& arguments) {
  const Value* given = arguments.find(0, "prefix");
  if (!given) return stop(Error::other, at_start ? "startswith" : "endswith", "() takes at least 1 argument (0 given)");
  const std::vector<Value> choices = given->items() ? NACRE_TRY(engine.iterate(*given)) : std::vector<Value>{*given};
  std::vector<std::string> letters = characters(text_of_self(self));
  const Integer count = letters.size();
  const auto place = [&](Integer at) { return std::clamp<Integer>(at < 0 ? at + count : at, 0, count); };
  const Integer start = place(NACRE_TRY(integer_argument(arguments, 1, "start", 0)));
  const Integer end = place(NACRE_TRY(integer_argument(arguments, 2, "end", count)));
  std::string part;
  for (Integer at = start; at < end; ++at) part += letters[static_cast<size_t>(at)];
  for (const Value& choice : choices) {
    if (!choice.text())
      return stop(Error::other, at_start ? "startswith" : "endswith", " first arg must be str or a tuple of str, not ", choice.type_name());
    if (start <= end && (at_start ? part.starts_with(*choice.text()) : part.ends_with(*choice.text()))) return Value(true);
  }
  return Value(false);
}

Outcome<std::string> wanted_text(const Arguments& arguments, size_t place, std::string_view what) {
  const Value* value = arguments.find(place, what);
  if (value && value->error()) return std::unexpected(*value->error());
  if (!value || !value->text()) return stop(Error::other, what, ": must be str, not ", value ? value->type_name() : "nothing");
  return *value->text();
}

Outcome<Value> replace(Engine& engine, const Value& self, const Arguments& arguments) {
  const std::string from = NACRE_TRY(wanted_text(arguments, 0, "old")), to = NACRE_TRY(wanted_text(arguments, 1, "new"));
  const auto most = static_cast<int64_t>(text_of_self(self).size()) + 1;
  NACRE_TRY(engine.reserve(static_cast<int64_t>(from.empty() ? most : most / static_cast<int64_t>(from.size()) + 1) *
                           static_cast<int64_t>(to.size())));
  return engine.text(replaced(text_of_self(self), from, to, NACRE_TRY(count_of(arguments, 2, "count"))));
}

/// In characters; -1 when it is not there.
int64_t position_of(std::string_view text, std::string_view part, bool last) {
  const size_t at = last ? text.rfind(part) : text.find(part);
  return at == text.npos ? -1 : static_cast<int64_t>(count_codes(text.substr(0, at)));
}

template <bool last, bool must>
Outcome<Value> find(Engine& engine, const Value& self, const Arguments& arguments) {
  const std::string part = NACRE_TRY(wanted_text(arguments, 0, "sub"));
  const std::vector<std::string> letters = characters(text_of_self(self));
  NACRE_TRY(engine.spend(static_cast<int64_t>(letters.size() / 8)));
  const Integer count = letters.size();
  const auto place = [&](Integer at) { return std::clamp<Integer>(at < 0 ? at + count : at, 0, count); };
  const Integer start = place(NACRE_TRY(integer_argument(arguments, 1, "start", 0)));
  const Integer end = place(NACRE_TRY(integer_argument(arguments, 2, "end", count)));
  std::string searched;
  for (Integer at = start; at < end; ++at) searched += letters[static_cast<size_t>(at)];
  const int64_t found = start > end ? -1 : position_of(searched, part, last);
  if (found < 0 && must) return stop(Error::other, "substring not found");
  return Value(found < 0 ? Integer{-1} : found + start);
}

Outcome<Value> count(Engine& engine, const Value& self, const Arguments& arguments) {
  const std::string part = NACRE_TRY(wanted_text(arguments, 0, "sub"));
  const std::string& text = text_of_self(self);
  NACRE_TRY(engine.spend(static_cast<int64_t>(text.size() / 64)));
  if (part.empty()) return Value(count_codes(text) + 1);
  int64_t found = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + part.size())) ++found;
  return Value(found);
}

Outcome<Value> join(Engine& engine, const Value& self, const Arguments& arguments) {
  const Value* given = arguments.find(0, "iterable");
  if (!given) return stop(Error::other, "join() takes exactly one argument (0 given)");
  std::string out;
  size_t index = 0;
  for (const Value& each : NACRE_TRY(engine.iterate(*given))) {
    if (!each.text()) return stop(Error::other, "sequence item ", index, ": expected str instance, ", each.type_name(), " found");
    NACRE_TRY(engine.reserve(static_cast<int64_t>(each.text()->size() + text_of_self(self).size())));
    if (index++) out += text_of_self(self);
    out += *each.text();
  }
  return engine.text(std::move(out));
}

Outcome<Value> format(Engine& engine, const Value& self, const Arguments& arguments) {
  return engine.text(NACRE_TRY(format_braces(engine, text_of_self(self), arguments)));
}

Outcome<Value> format_map(Engine& engine, const Value& self, const Arguments& arguments) {
  const Value* mapping = arguments.find(0, "mapping");
  if (!mapping || !mapping->entries()) return stop(Error::other, "format_map() takes a mapping");
  Arguments named;
  for (const auto& [key, value] : mapping->entries()->pairs) named.named.emplace_back(text_of(key), value);
  return format(engine, self, named);
}

/// True for every character and at least one.
template <bool (*holds)(char32_t)>
Outcome<Value> every(Engine& engine, const Value& self, const Arguments&) {
  const std::string& text = text_of_self(self);
  NACRE_TRY(engine.spend(static_cast<int64_t>(text.size() / 8)));
  for (const char* at = text.data(); at < text.data() + text.size();)
    if (!holds(next_code(at))) return Value(false);
  return Value(!text.empty());
}

utf8proc_category_t category(char32_t code) { return utf8proc_category(static_cast<utf8proc_int32_t>(code)); }
bool is_letter(char32_t code) { return category(code) >= UTF8PROC_CATEGORY_LU && category(code) <= UTF8PROC_CATEGORY_LO; }
bool is_decimal(char32_t code) { return category(code) == UTF8PROC_CATEGORY_ND; }
bool is_superscript(char32_t code) { return code == 0xB2 || code == 0xB3 || code == 0xB9 || (code >= 0x2070 && code <= 0x2089); }
bool is_digit(char32_t code) { return is_decimal(code) || is_superscript(code); }
bool is_numeric(char32_t code) { return category(code) >= UTF8PROC_CATEGORY_ND && category(code) <= UTF8PROC_CATEGORY_NO; }
bool is_alphanumeric(char32_t code) { return is_letter(code) || is_numeric(code); }
bool is_space(char32_t code) { return has_class(code, CharClass::whitespace) || (code >= 0x1C && code <= 0x1F); }
bool is_ascii_code(char32_t code) { return code < 0x80; }

/// At least one cased character, and none of the other case.
template <std::string (*change)(std::string_view), std::string (*other)(std::string_view)>
Outcome<Value> is_case(Engine& engine, const Value& self, const Arguments&) {
  const std::string& text = text_of_self(self);
  NACRE_TRY(engine.spend(static_cast<int64_t>(text.size() / 8)));
  return Value(change(text) == text && other(text) != text);
}

Outcome<std::string> fill_of(const Arguments& arguments) {
  std::string fill = text_argument(arguments, 1, "fillchar", " ");
  if (count_codes(fill) != 1) return stop(Error::other, "The fill character must be exactly one character long");
  return fill;
}

enum class Side { left, right, both };
template <Side side>
Outcome<Value> pad(Engine& engine, const Value& self, const Arguments& arguments) {
  const Integer width = NACRE_TRY(integer_argument(arguments, 0, "width", 0)), length = count_codes(text_of_self(self));
  const std::string fill = NACRE_TRY(fill_of(arguments));
  if (width <= length) return self;
  if (width > (1 << 24)) return stop(Error::limit, "a text of ", integer_text(width), " characters");
  NACRE_TRY(engine.reserve(static_cast<int64_t>(width) * 4));
  const auto missing = static_cast<size_t>(width - length);
  // CPython's str.center: the odd one goes left when the width is odd too.
  const size_t left = side == Side::left ? missing : side == Side::right ? 0 : missing / 2 + (missing & static_cast<size_t>(width) & 1);
  std::string out;
  for (size_t i = 0; i < left; ++i) out += fill;
  out += text_of_self(self);
  for (size_t i = left; i < missing; ++i) out += fill;
  return engine.text(std::move(out));
}

Outcome<Value> zfill(Engine& engine, const Value& self, const Arguments& arguments) {
  const std::string& text = text_of_self(self);
  const bool sign = text.starts_with('-') || text.starts_with('+');
  Arguments padding{{Value(NACRE_TRY(integer_argument(arguments, 0, "width", 0)) - sign), Value("0")}, {}};
  const Value rest = NACRE_TRY(pad<Side::left>(engine, Value(text.substr(sign)), padding));
  return engine.text(text.substr(0, sign) + *rest.text());
}

template <bool prefix>
Outcome<Value> remove(Engine& engine, const Value& self, const Arguments& arguments) {
  const std::string part = NACRE_TRY(wanted_text(arguments, 0, prefix ? "prefix" : "suffix"));
  const std::string& text = text_of_self(self);
  if (prefix ? !text.starts_with(part) : !text.ends_with(part)) return self;
  return engine.text(prefix ? text.substr(part.size()) : text.substr(0, text.size() - part.size()));
}

template <bool last>
Outcome<Value> partition(Engine& engine, const Value& self, const Arguments& arguments) {
  const std::string separator = NACRE_TRY(wanted_text(arguments, 0, "sep"));
  if (separator.empty()) return stop(Error::other, "empty separator");
  const std::string& text = text_of_self(self);
  const size_t at = last ? text.rfind(separator) : text.find(separator);
  if (at == text.npos) return engine.tuple(last ? std::vector{Value(""), Value(""), self} : std::vector{self, Value(""), Value("")});
  NACRE_TRY(engine.reserve(static_cast<int64_t>(text.size())));
  return engine.tuple({Value(text.substr(0, at)), Value(separator), Value(text.substr(at + separator.size()))});
}

std::string swapped(std::string_view text) {
  std::string out;
  for (const std::string& letter : characters(text)) out += upper_case(letter) == letter ? lower_case(letter) : upper_case(letter);
  return out;
}

constexpr FunctionRow kRows[] = {{"capitalize", changed<capitalised>},
                                 {"casefold", changed<lower_case>},
                                 {"center", pad<Side::both>},
                                 {"count", count},
                                 {"endswith", has_end<false>},
                                 {"find", find<false, false>},
                                 {"format", format},
                                 {"format_map", format_map},
                                 {"index", find<false, true>},
                                 {"isalnum", every<is_alphanumeric>},
                                 {"isalpha", every<is_letter>},
                                 {"isascii", every<is_ascii_code>},
                                 {"isdecimal", every<is_decimal>},
                                 {"isdigit", every<is_digit>},
                                 {"islower", is_case<lower_case, upper_case>},
                                 {"isnumeric", every<is_numeric>},
                                 {"isspace", every<is_space>},
                                 {"istitle", is_case<title_case, lower_case>},
                                 {"isupper", is_case<upper_case, lower_case>},
                                 {"join", join},
                                 {"ljust", pad<Side::right>},
                                 {"lower", changed<lower_case>},
                                 {"lstrip", strip<1>},
                                 {"partition", partition<false>},
                                 {"removeprefix", remove<true>},
                                 {"removesuffix", remove<false>},
                                 {"replace", replace},
                                 {"rfind", find<true, false>},
                                 {"rindex", find<true, true>},
                                 {"rjust", pad<Side::left>},
                                 {"rpartition", partition<true>},
                                 {"rsplit", rsplit},
                                 {"rstrip", strip<2>},
                                 {"split", split},
                                 {"splitlines", splitlines},
                                 {"startswith", has_end<true>},
                                 {"strip", strip<3>},
                                 {"swapcase", changed<swapped>},
                                 {"title", changed<title_case>},
                                 {"upper", changed<upper_case>},
                                 {"zfill", zfill}};

}  // namespace

std::span<const FunctionRow> text_methods() { return kRows; }

}  // namespace nacre::templates
