// Functions that every template has. None of them reaches outside.
#include <ctime>

#include "text/template/engine.h"
#include "text/template/functions.h"

namespace nacre::templates {
namespace {

using Error = TemplateError::Kind;

constexpr Integer kLongestRange = 100'000;  // jinja2's sandbox: MAX_RANGE

Outcome<Integer> range_argument(const Arguments& arguments, size_t place) {
  const Value& value = arguments.positional[place];
  if (value.error()) return std::unexpected(*value.error());
  if (!value.is_integer()) return stop(Error::other, "'", value.type_name(), "' object cannot be interpreted as an integer");
  return value.integer();
}

Outcome<Value> range(Engine& engine, const Value&, const Arguments& arguments) {
  const size_t count = arguments.positional.size();
  if (count < 1 || count > 3) return stop(Error::other, "range expected 1 to 3 arguments, got ", count);
  const Integer start = count > 1 ? NACRE_TRY(range_argument(arguments, 0)) : 0,
                end = NACRE_TRY(range_argument(arguments, count > 1 ? 1 : 0));
  const Integer step = count > 2 ? NACRE_TRY(range_argument(arguments, 2)) : 1;
  if (step == 0) return stop(Error::other, "range() arg 3 must not be zero");
  constexpr Integer most = INT64_MAX;
  if (start > most || start < -most || end > most || end < -most || step > most || step < -most)
    return stop(Error::other, "range: a number is too large");
  const Integer length = step > 0 ? (end - start + step - 1) / step : (start - end - step - 1) / -step;
  if (length > kLongestRange)
    return stop(Error::other, "Range too big. The sandbox blocks ranges larger than MAX_RANGE (", static_cast<int64_t>(kLongestRange),
                ").");
  std::vector<Value> out;
  for (Integer at = start; step > 0 ? at < end : at > end; at += step) out.emplace_back(at);
  const std::string third = step == 1 ? "" : ", " + integer_text(step);
  return engine.keep(view(cat("range(", integer_text(start), ", ", integer_text(end), third, ")"), std::move(out)));
}

Outcome<Value> dict(Engine& engine, const Value&, const Arguments& arguments) {
  std::vector<std::pair<Value, Value>> entries;
  if (arguments.positional.size() > 1) return stop(Error::other, "dict expected at most 1 argument, got ", arguments.positional.size());
  if (!arguments.positional.empty()) {
    const Value& from = arguments.positional[0];
    if (from.entries()) {
      entries = from.entries()->pairs;
    } else {
      for (const Value& each : NACRE_TRY(engine.iterate(from))) {
        const std::vector<Value> pair = NACRE_TRY(engine.iterate(each));
        if (pair.size() != 2) return stop(Error::other, "dictionary update sequence element has length ", pair.size(), "; 2 is required");
        entries.emplace_back(pair[0], pair[1]);
      }
    }
  }
  for (const auto& [name, value] : arguments.named) entries.emplace_back(Value(name), value);
  return engine.dict(std::move(entries));
}

Outcome<Value> make_namespace(Engine& engine, const Value& self, const Arguments& arguments) {
  const Value entries = NACRE_TRY(dict(engine, self, arguments));
  std::vector<std::pair<std::string, Value>> attributes;
  for (const auto& [key, value] : entries.entries()->pairs) attributes.emplace_back(text_of(key), value);
  NACRE_TRY(engine.reserve(static_cast<int64_t>(attributes.size()) * 96 + 96));
  return engine.make_namespace(std::move(attributes));
}

Outcome<Value> make_cycler(Engine& engine, std::vector<Value> items, bool joins) {
  auto cycler = std::make_shared<Cycler>();
  for (const Value& item : items) cycler->depth = std::max(cycler->depth, item.depth() + 1);
  cycler->items = std::move(items), cycler->joins = joins;
  return engine.keep(Value(std::move(cycler)));
}

Outcome<Value> cycler(Engine& engine, const Value&, const Arguments& arguments) {
  if (arguments.positional.empty()) return stop(Error::other, "at least one item has to be provided");
  return make_cycler(engine, arguments.positional, false);
}

Outcome<Value> joiner(Engine& engine, const Value&, const Arguments& arguments) {
  const Value* separator = arguments.find(0, "sep");
  return make_cycler(engine, {separator ? *separator : Value(", ")}, true);
}

Outcome<Value> raise_exception(Engine& engine, const Value&, const Arguments& arguments) {
  const Value* message = arguments.find(0, "message");
  if (!message) return stop(Error::other, "raise_exception() takes a message");
  return stop(Error::raised, NACRE_TRY(engine.print(*message)));
}

/// One directive at a time: no width that a template writes reaches the C library.
std::string formatted_time(const std::tm& now, std::string_view format) {
  std::string out;
  for (size_t at = 0; at < format.size(); ++at) {
    size_t end = at + 1;
    if (format[at] == '%' && end < format.size() && (format[end] == '-' || format[end] == '_')) ++end;
    constexpr std::string_view known = "aAbBcCdDeFgGhHIjklmMnpPrRsStTuUVwWxXyYzZ%";
    if (format[at] != '%' || end >= format.size() || known.find(format[end]) == known.npos) {
      out += format[at];
      continue;
    }
    char buffer[128];
    const size_t size = std::strftime(buffer, sizeof buffer, std::string(format.substr(at, end - at + 1)).c_str(), &now);
    out.append(buffer, size);
    at = end;
  }
  return out;
}

Outcome<Value> strftime_now(Engine& engine, const Value&, const Arguments& arguments) {
  const Value* format = arguments.find(0, "format");
  if (!format || !format->text()) return stop(Error::other, "strftime_now() takes a format");
  if (format->text()->size() > 4096) return stop(Error::limit, "strftime_now: a format of more than 4096 bytes");
  return engine.text(formatted_time(engine.now(), *format->text()));
}

Outcome<Value> lipsum(Engine&, const Value&, const Arguments&) {
  return stop(Error::other, "lipsum() is not available: a prompt is not made of chance");
}

constexpr FunctionRow kRows[] = {{"cycler", cycler},
                                 {"dict", dict},
                                 {"joiner", joiner},
                                 {"lipsum", lipsum},
                                 {"namespace", make_namespace},
                                 {"raise_exception", raise_exception},
                                 {"range", range},
                                 {"strftime_now", strftime_now}};

}  // namespace

const FunctionRow* find_global(std::string_view name) { return find_row(kRows, name); }

}  // namespace nacre::templates
