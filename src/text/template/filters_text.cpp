// Filters that work on texts.
#include <algorithm>

#include "text/template/engine.h"
#include "text/template/functions.h"
#include "text/unicode.h"

namespace nacre::templates {
namespace {

using Error = TemplateError::Kind;

/// What is no text is printed first, as jinja2's soft_str does.
template <std::string (*change)(std::string_view)>
Outcome<Value> changed(Engine& engine, const Value& self, const Arguments&) {
  return engine.text(change(NACRE_TRY(engine.print(self))));
}

/// Words begin behind white space, hyphens and opening brackets; the rest is lower case.
std::string title(std::string_view text) {
  std::string out;
  bool starts = true;
  for (const std::string& letter : characters(text)) {
    out += starts ? upper_case(letter) : lower_case(letter);
    constexpr std::string_view before = "-({[<";
    const char* at = letter.data();
    starts = (letter.size() == 1 && before.find(letter[0]) != before.npos) || has_class(next_code(at), CharClass::whitespace);
  }
  return out;
}

Outcome<Value> trim(Engine& engine, const Value& self, const Arguments& arguments) {
  return engine.text(stripped(NACRE_TRY(engine.print(self)), text_argument(arguments, 0, "chars", ""), 3));
}

Outcome<Value> replace(Engine& engine, const Value& self, const Arguments& arguments) {
  const std::string text = NACRE_TRY(engine.print(self));
  const Value *old = arguments.find(0, "old"), *fresh = arguments.find(1, "new");
  if (!old || !fresh) return stop(Error::other, "replace: takes old and new");
  const std::string from = NACRE_TRY(engine.print(*old)), to = NACRE_TRY(engine.print(*fresh));
  const Integer most = NACRE_TRY(integer_argument(arguments, 2, "count", -1));
  const auto places = static_cast<int64_t>(text.size() / std::max<size_t>(from.size(), 1)) + 1;
  NACRE_TRY(engine.reserve(places * static_cast<int64_t>(to.size())));
  return engine.text(replaced(text, from, to, static_cast<int64_t>(std::clamp<Integer>(most, -1, INT64_MAX))));
}

Outcome<Value> escape(Engine& engine, const Value& self, const Arguments&) {
  return engine.text(html_escaped(NACRE_TRY(engine.print(self))));
}

Outcome<Value> safe(Engine& engine, const Value& self, const Arguments&) { return engine.text(NACRE_TRY(engine.print(self))); }

bool is_url_safe(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-' || c == '~';
}

/// `query`: of a query's names and values, where a space is a plus and a slash is quoted.
std::string url_quoted(std::string_view text, bool query) {
  std::string out;
  for (const char c : text) {
    constexpr char hex[] = "0123456789ABCDEF";
    if (is_url_safe(c) || (c == '/' && !query))
      out += c;
    else if (c == ' ' && query)
      out += '+';
    else
      out += '%', out += hex[static_cast<unsigned char>(c) >> 4], out += hex[c & 15];
  }
  return out;
}

/// A dict, or pairs, as a query; anything else as one quoted text.
Outcome<Value> urlencode(Engine& engine, const Value& self, const Arguments&) {
  if (!self.entries() && !self.items()) return engine.text(url_quoted(NACRE_TRY(engine.print(self)), false));
  std::vector<std::pair<Value, Value>> pairs;
  if (self.entries()) pairs = self.entries()->pairs;
  if (self.items())
    for (const Value& each : self.items()->values) {
      const std::vector<Value> pair = NACRE_TRY(engine.iterate(each));
      if (pair.size() != 2) return stop(Error::other, "not enough values to unpack (expected 2, got ", pair.size(), ")");
      pairs.emplace_back(pair[0], pair[1]);
    }
  std::string out;
  for (const auto& [key, value] : pairs)
    out +=
        cat(out.empty() ? "" : "&", url_quoted(NACRE_TRY(engine.print(key)), true), "=", url_quoted(NACRE_TRY(engine.print(value)), true));
  return engine.text(std::move(out));
}

/// The five entities that escaping makes, back.
std::string html_unescaped(std::string_view text) {
  constexpr std::pair<std::string_view, char> entities[] = {{"&lt;", '<'},   {"&gt;", '>'},    {"&quot;", '"'}, {"&#34;", '"'},
                                                            {"&#39;", '\''}, {"&apos;", '\''}, {"&amp;", '&'}};
  std::string out;
  for (size_t at = 0; at < text.size(); ++at) {
    char plain = text[at];
    size_t skip = 0;
    for (const auto& [name, letter] : entities)
      if (plain == '&' && skip == 0 && text.substr(at).starts_with(name)) plain = letter, skip = name.size() - 1;
    out += plain, at += skip;
  }
  return out;
}

/// Without tags and comments, white space as single spaces.
Outcome<Value> striptags(Engine& engine, const Value& self, const Arguments&) {
  const std::string text = NACRE_TRY(engine.print(self));
  std::string plain;
  for (size_t at = 0; at < text.size(); ++at) {
    const bool comment = text.compare(at, 4, "<!--") == 0;
    const size_t end = text[at] != '<' ? text.npos : comment ? text.find("-->", at) : text.find('>', at);
    if (end == text.npos)
      plain += text[at];
    else
      at = end + (comment ? 2 : 0);
  }
  std::string out;
  for (const std::string& word : split_text(plain, "", -1)) out += cat(out.empty() ? "" : " ", word);
  return engine.text(html_unescaped(out));
}

Outcome<Value> indent(Engine& engine, const Value& self, const Arguments& arguments) {
  const std::string text = NACRE_TRY(engine.print(self));
  const Value* width = arguments.find(0, "width");
  std::string margin = "    ";
  if (width && width->text()) margin = *width->text();
  if (width && width->is_integer()) {
    if (width->integer() > 10'000) return stop(Error::limit, "indent: more than 10000 spaces");
    margin = std::string(static_cast<size_t>(std::max<Integer>(width->integer(), 0)), ' ');
  }
  const bool first = flag_argument(arguments, 1, "first", false), blank = flag_argument(arguments, 2, "blank", false);
  const auto lines = split_text(text, "\n", -1);
  NACRE_TRY(engine.reserve(static_cast<int64_t>(lines.size() * margin.size() + text.size())));
  std::string out;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (i) out += '\n';
    if (i ? blank || !lines[i].empty() : first) out += margin;
    out += lines[i];
  }
  return engine.text(std::move(out));
}

Outcome<Value> center(Engine& engine, const Value& self, const Arguments& arguments) {
  const Value text = NACRE_TRY(engine.text(NACRE_TRY(engine.print(self))));
  const Value width = Value(NACRE_TRY(integer_argument(arguments, 0, "width", 80)));
  return find_method(text, "center")->call(engine, text, {{width}, {}});
}

Outcome<Value> wordcount(Engine& engine, const Value& self, const Arguments&) {
  const std::string text = NACRE_TRY(engine.print(self));
  int64_t count = 0;
  bool inside = false;
  for (const char* at = text.data(); at < text.data() + text.size();) {
    const bool word = has_class(next_code(at), CharClass::word);
    count += word && !inside;
    inside = word;
  }
  return Value(count);
}

std::string joined(std::span<const std::string> letters) {
  std::string out;
  for (const std::string& letter : letters) out += letter;
  return out;
}

/// jinja2 leaves up to `leeway` characters more as they are; without killwords it cuts at a space.
Outcome<Value> truncate(Engine& engine, const Value& self, const Arguments& arguments) {
  const std::vector<std::string> letters = characters(NACRE_TRY(engine.print(self)));
  const Integer length = NACRE_TRY(integer_argument(arguments, 0, "length", 255)),
                leeway = NACRE_TRY(integer_argument(arguments, 3, "leeway", 5));
  const std::string end = text_argument(arguments, 2, "end", "...");
  const Integer kept = length - count_codes(end);
  if (kept < 0) return stop(Error::other, "expected length >= ", count_codes(end), ", got ", integer_text(length));
  if (static_cast<Integer>(letters.size()) <= length + leeway) return engine.text(joined(letters));
  std::string out = joined(std::span(letters).first(static_cast<size_t>(kept)));
  if (!flag_argument(arguments, 1, "killwords", false)) out = out.substr(0, out.rfind(' '));
  return engine.text(out + end);
}

Outcome<Value> format(Engine& engine, const Value& self, const Arguments& arguments) {
  const std::string pattern = NACRE_TRY(engine.print(self));
  if (!arguments.positional.empty() && !arguments.named.empty())
    return stop(Error::other, "can't handle positional and keyword arguments at the same time");
  if (arguments.named.empty())
    return engine.text(NACRE_TRY(format_percent(engine, pattern, NACRE_TRY(engine.tuple(arguments.positional)))));
  std::vector<std::pair<Value, Value>> entries;
  for (const auto& [name, value] : arguments.named) entries.emplace_back(Value(name), value);
  return engine.text(NACRE_TRY(format_percent(engine, pattern, NACRE_TRY(engine.dict(std::move(entries))))));
}

Outcome<Value> string(Engine& engine, const Value& self, const Arguments&) { return engine.text(NACRE_TRY(engine.print(self))); }

Outcome<std::string> indentation(const Value& value) {
  if (value.text() && value.text()->size() <= 64) return *value.text();
  if (value.is_integer() && value.integer() <= 64) return std::string(static_cast<size_t>(std::max<Integer>(value.integer(), 0)), ' ');
  return stop(Error::other, "tojson: indent is a text or a number up to 64");
}

/// As transformers has it: json.dumps with everything but ASCII as it is.
Outcome<Value> tojson(Engine& engine, const Value& self, const Arguments& arguments) {
  JsonStyle style{.ascii = flag_argument(arguments, 0, "ensure_ascii", false), .sorted = flag_argument(arguments, 3, "sort_keys", false)};
  if (const Value* indent = arguments.find(1, "indent"); indent && !indent->is_none())
    style.indented = true, style.indent = NACRE_TRY(indentation(*indent));
  style.item_separator = style.indented ? "," : ", ", style.key_separator = ": ";
  if (const Value* given = arguments.find(2, "separators"); given && !given->is_none()) {
    const std::vector<Value> both = NACRE_TRY(engine.iterate(*given));
    if (both.size() != 2 || !both[0].text() || !both[1].text()) return stop(Error::other, "tojson: separators are two texts");
    if (both[0].text()->size() + both[1].text()->size() > 64) return stop(Error::limit, "tojson: separators of more than 64 bytes");
    style.item_separator = *both[0].text(), style.key_separator = *both[1].text();
  }
  NACRE_TRY(engine.spend(self.weight()));
  NACRE_TRY(engine.reserve(self.weight() * 16));
  return engine.text(NACRE_TRY(json_text(self, style)));
}

constexpr FunctionRow kRows[] = {{"capitalize", changed<capitalised>},
                                 {"center", center},
                                 {"e", escape},
                                 {"escape", escape},
                                 {"forceescape", escape},
                                 {"format", format},
                                 {"indent", indent},
                                 {"lower", changed<lower_case>},
                                 {"replace", replace},
                                 {"safe", safe},
                                 {"string", string},
                                 {"striptags", striptags},
                                 {"title", changed<title>},
                                 {"tojson", tojson},
                                 {"trim", trim},
                                 {"truncate", truncate},
                                 {"upper", changed<upper_case>},
                                 {"urlencode", urlencode},
                                 {"wordcount", wordcount}};

}  // namespace

std::span<const FunctionRow> text_filters() { return kRows; }

}  // namespace nacre::templates
