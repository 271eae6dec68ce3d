// Attributes, items, slices, and walking over values.
#include <algorithm>

#include "text/template/engine.h"
#include "text/template/functions.h"
#include "text/unicode.h"

namespace nacre::templates {
namespace {

using Error = TemplateError::Kind;

Value unsafe(const Value& value, std::string_view name) {
  return Value::undefined(cat("access to attribute '", name, "' of '", value.type_name(), "' object is unsafe."), Error::security);
}

/// What every object of Python has, and a sandbox hides.
bool is_special(std::string_view name) { return name.size() > 4 && name.starts_with("__") && name.ends_with("__"); }

std::vector<Value> pairs_as_tuples(const Dict& dict) {
  std::vector<Value> out;
  for (const auto& [key, value] : dict.pairs) out.push_back(Value::tuple({key, value}));
  return out;
}

Value missing_neighbour(std::string_view which) { return Value::undefined(cat("there is no ", which, " item")); }

Outcome<Value> cycle(Engine&, const Value& self, const Arguments& arguments) {
  const auto loop = self.object<Loop>();
  if (arguments.positional.empty()) return stop(Error::other, "no items for cycling given");
  return arguments.positional[loop->index % arguments.positional.size()];
}

Outcome<Value> changed(Engine& engine, const Value& self, const Arguments& arguments) {
  const auto loop = self.object<Loop>();
  const Value now = NACRE_TRY(engine.tuple(arguments.positional));
  const bool same = NACRE_TRY(engine.same(loop->last_changed, now));
  if (!same) loop->last_changed = now;
  return Value(!same);
}

constexpr FunctionRow kLoopMethods[] = {{"cycle", cycle}, {"changed", changed}};

Value loop_attribute(const Value& self, std::string_view name) {
  const Loop& loop = *self.object<Loop>();
  const size_t at = loop.index, count = loop.items.size();
  if (name == "index") return Value(at + 1);
  if (name == "index0") return Value(at);
  if (name == "revindex") return Value(count - at);
  if (name == "revindex0") return Value(static_cast<int64_t>(count) - static_cast<int64_t>(at) - 1);
  if (name == "first") return Value(at == 0);
  if (name == "last") return Value(at + 1 == count);
  if (name == "length") return Value(count);
  if (name == "depth") return Value(loop.depth);
  if (name == "depth0") return Value(loop.depth - 1);
  if (name == "previtem") return at > 0 ? loop.items[at - 1] : missing_neighbour("previous");
  if (name == "nextitem") return at + 1 < count ? loop.items[at + 1] : missing_neighbour("next");
  if (const FunctionRow* row = find_row(kLoopMethods, name)) return Value(std::make_shared<const Function>(Function{row, self}));
  return Value::undefined(cat("'", object_name(self), "' has no attribute '", name, "'"));
}

/// The bounds of a slice over `count` items, as Python's slice.indices has them.
struct Bounds {
  int64_t start, stop, step;
};

Outcome<int64_t> bound(const Value& value, int64_t fallback) {
  if (value.is_none()) return fallback;
  if (!value.is_integer()) return stop(Error::other, "slice indices must be integers or None");
  constexpr Integer most = INT64_MAX / 4;
  return static_cast<int64_t>(std::clamp(value.integer(), -most, most));
}

Outcome<Bounds> bounds_of(std::span<const Value> parts, int64_t count) {
  const int64_t step = NACRE_TRY(bound(parts[2], 1));
  if (step == 0) return stop(Error::other, "slice step cannot be zero");
  const int64_t least = step > 0 ? 0 : -1, most = step > 0 ? count : count - 1;
  const auto inside = [&](int64_t at) { return std::clamp(at < 0 ? at + count : at, least, most); };
  const int64_t start = parts[0].is_none() ? (step > 0 ? least : most) : inside(NACRE_TRY(bound(parts[0], 0)));
  const int64_t end = parts[1].is_none() ? (step > 0 ? most : least) : inside(NACRE_TRY(bound(parts[1], 0)));
  return Bounds{start, end, step};
}

template <class Item>
std::vector<Item> taken(const std::vector<Item>& items, const Bounds& bounds) {
  std::vector<Item> out;
  for (int64_t at = bounds.start; bounds.step > 0 ? at < bounds.stop : at > bounds.stop; at += bounds.step)
    out.push_back(items[static_cast<size_t>(at)]);
  return out;
}

}  // namespace

const FunctionRow* find_row(std::span<const FunctionRow> rows, std::string_view name) {
  for (const FunctionRow& row : rows)
    if (row.name == name) return &row;
  return nullptr;
}

std::string object_name(const Value& value) {
  if (value.is_none()) return "None";
  if (value.object<Namespace>()) return "jinja2.utils.Namespace object";
  if (value.object<Loop>()) return "jinja2.runtime.LoopContext object";
  if (value.object<const Macro>()) return "jinja2.runtime.Macro object";
  return cat(value.type_name(), " object");
}

Outcome<Value> Engine::unknown_attribute(const Value& value, std::string_view name) {
  return Value::undefined(cat("'", object_name(value), "' has no attribute '", name, "'"));
}

Outcome<Value> Engine::attribute(const Value& value, std::string_view name) {
  NACRE_TRY(spend(1));
  if (value.error()) return std::unexpected(*value.error());
  if (is_special(name) || is_unsafe_method(value, name)) return unsafe(value, name);
  if (const FunctionRow* row = find_method(value, name)) return Value(std::make_shared<const Function>(Function{row, value}));
  if (const Dict* dict = value.entries())
    if (const Value* found = dict->find(name)) return *found;
  if (value.object<Loop>()) return loop_attribute(value, name);
  if (const auto macro = value.object<const Macro>(); macro && name == "name") return Value(macro->name);
  if (const auto space = value.object<Namespace>())
    for (const auto& [known, held] : space->attributes)
      if (known == name) return held;
  if (const auto cycler = value.object<Cycler>(); cycler && !cycler->joins && name == "current")
    return cycler->items[cycler->position % cycler->items.size()];
  if (value.items() && value.items()->kind == List::Kind::group && (name == "grouper" || name == "list"))
    return value.items()->values[name == "list" ? 1 : 0];
  return unknown_attribute(value, name);
}

Outcome<Value> Engine::item(const Value& value, const Value& key) {
  NACRE_TRY(spend(1));
  if (value.error()) return std::unexpected(*value.error());
  if (const Dict* dict = value.entries())
    if (const Value* found = dict->find(key)) return *found;
  if (key.is_integer() && (value.items() || value.text())) {
    const std::vector<std::string> letters = value.text() ? characters(*value.text()) : std::vector<std::string>();
    const auto count = static_cast<Integer>(value.text() ? letters.size() : value.items()->values.size());
    NACRE_TRY(spend(static_cast<int64_t>(letters.size() / 8)));
    const Integer at = key.integer() < 0 ? key.integer() + count : key.integer();
    if (at >= 0 && at < count)
      return value.text() ? text(letters[static_cast<size_t>(at)]) : value.items()->values[static_cast<size_t>(at)];
  }
  if (const std::string* name = key.text(); name && !value.entries()) return attribute(value, *name);
  if (const std::string* name = key.text()) {
    if (is_special(*name) || is_unsafe_method(value, *name)) return unsafe(value, *name);
    if (const FunctionRow* row = find_method(value, *name)) return Value(std::make_shared<const Function>(Function{row, value}));
    return unknown_attribute(value, *name);
  }
  return Value::undefined(cat(object_name(value), " has no element ", NACRE_TRY(represent(key))));
}

Outcome<Value> Engine::path(const Value& value, const Value& dotted) {
  if (!dotted.text()) return item(value, dotted);
  Value at = value;
  for (const std::string& part : split_text(*dotted.text(), ".", -1)) {
    const bool number = !part.empty() && part.find_first_not_of("0123456789") == part.npos;
    at = NACRE_TRY(item(at, number ? parse_integer(part, 10) : Value(part)));
  }
  return at;
}

Outcome<Value> Engine::slice(const Value& value, const Expression& node) {
  std::vector<Value> parts;
  for (const ExpressionPointer& part : node.parts) parts.push_back(part ? NACRE_TRY(evaluate(*part)) : Value::none());
  if (value.error()) return std::unexpected(*value.error());
  for (const Value& part : parts)
    if (!part.is_none() && !part.is_integer()) return Value::undefined(cat(object_name(value), " has no element of that slice"));
  if (const std::string* whole = value.text()) {
    NACRE_TRY(spend(static_cast<int64_t>(whole->size() / 8)));
    const std::vector<std::string> letters = characters(*whole);
    std::string out;
    for (const std::string& letter : taken(letters, NACRE_TRY(bounds_of(parts, static_cast<int64_t>(letters.size()))))) out += letter;
    return text(std::move(out));
  }
  const List* items = value.items();
  if (!items || (items->kind == List::Kind::view && value.type_name() != "range"))
    return Value::undefined(cat(object_name(value), " has no element slice"));
  NACRE_TRY(spend(static_cast<int64_t>(items->values.size() / 8)));
  std::vector<Value> out = taken(items->values, NACRE_TRY(bounds_of(parts, static_cast<int64_t>(items->values.size()))));
  return items->kind == List::Kind::tuple || items->kind == List::Kind::group ? tuple(std::move(out)) : list(std::move(out));
}

Outcome<Value> Engine::subscript(const Expression& node) {
  const Value value = NACRE_TRY(evaluate(*node.parts[0]));
  if (node.parts[1]->kind == Expression::Kind::slice) return slice(value, *node.parts[1]);
  return item(value, NACRE_TRY(evaluate(*node.parts[1])));
}

Outcome<std::vector<Value>> Engine::iterate(const Value& value) {
  std::vector<Value> out;
  if (value.is_undefined() && value.error()->kind == Error::security) return std::unexpected(*value.error());
  if (const List* items = value.items()) out = items->values;
  if (const Dict* dict = value.entries())
    for (const auto& [key, held] : dict->pairs) out.push_back(key);
  if (const std::string* whole = value.text()) {
    NACRE_TRY(reserve(static_cast<int64_t>(whole->size()) * 100));
    for (std::string& letter : characters(*whole)) out.emplace_back(std::move(letter));
  }
  if (const auto loop = value.object<Loop>()) out = loop->items;
  const bool walks = value.items() || value.entries() || value.text() || value.is_undefined() || value.object<Loop>();
  if (!walks) return stop(Error::other, "'", value.type_name(), "' object is not iterable");
  NACRE_TRY(spend(static_cast<int64_t>(out.size())));
  NACRE_TRY(reserve(static_cast<int64_t>(out.size()) * 40));
  return out;
}

// --- methods of dicts, lists and cyclers; texts have a file of their own ---

namespace {

Outcome<Value> dict_get(Engine&, const Value& self, const Arguments& arguments) {
  const Value* key = arguments.find(0, "key");
  if (!key) return stop(Error::other, "get expected at least 1 argument, got 0");
  const Value *found = self.entries()->find(*key), *fallback = arguments.find(1, "default");
  return found ? *found : fallback ? *fallback : Value::none();
}

Outcome<Value> dict_items(Engine& engine, const Value& self, const Arguments&) {
  return engine.keep(view("dict_items", pairs_as_tuples(*self.entries())));
}

Outcome<Value> dict_keys(Engine& engine, const Value& self, const Arguments&) {
  return engine.keep(view("dict_keys", NACRE_TRY(engine.iterate(self))));
}

Outcome<Value> dict_values(Engine& engine, const Value& self, const Arguments&) {
  std::vector<Value> out;
  for (const auto& [key, value] : self.entries()->pairs) out.push_back(value);
  return engine.keep(view("dict_values", std::move(out)));
}

Outcome<Value> copy(Engine& engine, const Value& self, const Arguments&) { return engine.keep(self); }

Outcome<Value> list_index(Engine& engine, const Value& self, const Arguments& arguments) {
  const Value* wanted = arguments.find(0, "value");
  if (!wanted) return stop(Error::other, "index expected at least 1 argument, got 0");
  const std::vector<Value>& values = self.items()->values;
  for (size_t i = 0; i < values.size(); ++i)
    if (NACRE_TRY(engine.same(values[i], *wanted))) return Value(i);
  return stop(Error::other, NACRE_TRY(engine.represent(*wanted)), " is not in list");
}

Outcome<Value> list_count(Engine& engine, const Value& self, const Arguments& arguments) {
  const Value* wanted = arguments.find(0, "value");
  if (!wanted) return stop(Error::other, "count() takes exactly one argument (0 given)");
  int64_t count = 0;
  for (const Value& value : self.items()->values) count += NACRE_TRY(engine.same(value, *wanted));
  return Value(count);
}

Outcome<Value> cycler_next(Engine&, const Value& self, const Arguments&) {
  const auto cycler = self.object<Cycler>();
  return cycler->items[cycler->position++ % cycler->items.size()];
}

Outcome<Value> cycler_reset(Engine&, const Value& self, const Arguments&) {
  self.object<Cycler>()->position = 0;
  return Value::none();
}

Outcome<Value> is_whole(Engine&, const Value& self, const Arguments&) {
  return Value(self.is_integer() || self.real() == static_cast<double>(static_cast<int64_t>(std::clamp(self.real(), -9e18, 9e18))));
}

constexpr FunctionRow kDictMethods[] = {
    {"get", dict_get}, {"items", dict_items}, {"keys", dict_keys}, {"values", dict_values}, {"copy", copy}};
constexpr FunctionRow kListMethods[] = {{"index", list_index}, {"count", list_count}, {"copy", copy}};
constexpr FunctionRow kTupleMethods[] = {{"index", list_index}, {"count", list_count}};
constexpr FunctionRow kCyclerMethods[] = {{"next", cycler_next}, {"reset", cycler_reset}};
constexpr FunctionRow kNumberMethods[] = {{"is_integer", is_whole}};

}  // namespace

const FunctionRow* find_method(const Value& value, std::string_view name) {
  if (value.text()) return find_row(text_methods(), name);
  if (value.entries()) return find_row(kDictMethods, name);
  if (const List* items = value.items()) {
    if (items->kind == List::Kind::view) return nullptr;
    return items->kind == List::Kind::list ? find_row(kListMethods, name) : find_row(kTupleMethods, name);
  }
  if (const auto cycler = value.object<Cycler>()) return cycler->joins ? nullptr : find_row(kCyclerMethods, name);
  return value.is_number() && !value.is_boolean() ? find_row(kNumberMethods, name) : nullptr;
}

bool is_unsafe_method(const Value& value, std::string_view name) {
  constexpr std::string_view of_list[] = {"append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort"};
  constexpr std::string_view of_dict[] = {"clear", "pop", "popitem", "setdefault", "update"};
  if (value.entries()) return std::find(std::begin(of_dict), std::end(of_dict), name) != std::end(of_dict);
  const bool list = value.items() && value.items()->kind == List::Kind::list;
  return list && std::find(std::begin(of_list), std::end(of_list), name) != std::end(of_list);
}

}  // namespace nacre::templates
