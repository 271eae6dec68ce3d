#include "text/template/value.h"

#include <algorithm>
#include <cmath>

#include "text/template/objects.h"

namespace nacre::templates {
namespace {

int depth_of(std::span<const Value> values) {
  int deepest = 0;
  for (const Value& value : values) deepest = std::max(deepest, value.depth());
  return deepest + 1;
}

constexpr int64_t kHeaviest = int64_t{1} << 40;  // more is not told apart

int64_t weight_of(std::span<const Value> values) {
  int64_t sum = 1;
  for (const Value& value : values) sum = std::min(kHeaviest, sum + value.weight());
  return sum;
}

Value sequence(List::Kind kind, std::vector<Value> items, std::string label = {}) {
  auto out = std::make_shared<List>();
  out->depth = depth_of(items), out->weight = weight_of(items);
  out->kind = kind, out->values = std::move(items), out->label = std::move(label);
  return Value(std::shared_ptr<const List>(std::move(out)));
}

bool same_dict(const Dict& a, const Dict& b) {
  if (a.pairs.size() != b.pairs.size()) return false;
  return std::all_of(a.pairs.begin(), a.pairs.end(), [&](const auto& pair) {
    const Value* other = b.find(pair.first);
    return other && equal(pair.second, *other);
  });
}

bool same_list(const List& a, const List& b) {
  const bool tuples = a.kind == List::Kind::tuple || a.kind == List::Kind::group;
  const bool others = b.kind == List::Kind::tuple || b.kind == List::Kind::group;
  return tuples == others && std::equal(a.values.begin(), a.values.end(), b.values.begin(), b.values.end(), equal);
}

template <class T>
int order(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

Outcome<int> compare_lists(const List& a, const List& b) {
  for (size_t i = 0; i < std::min(a.values.size(), b.values.size()); ++i)
    if (!equal(a.values[i], b.values[i])) return compare(a.values[i], b.values[i]);
  return order(a.values.size(), b.values.size());
}

}  // namespace

Value Value::list(std::vector<Value> items) { return sequence(List::Kind::list, std::move(items)); }
Value Value::tuple(std::vector<Value> items) { return sequence(List::Kind::tuple, std::move(items)); }
Value view(std::string label, std::vector<Value> items) { return sequence(List::Kind::view, std::move(items), std::move(label)); }

Value Value::dict(std::vector<std::pair<Value, Value>> entries) {
  auto out = std::make_shared<Dict>();
  for (auto& [key, value] : entries) out->set(std::move(key), std::move(value));
  return Value(std::shared_ptr<const Dict>(std::move(out)));
}

Value Value::undefined(std::string message, TemplateError::Kind kind) {
  Value out;
  out.held_ = Undefined{std::make_shared<const TemplateError>(TemplateError{kind, std::move(message)})};
  return out;
}

const std::string* Value::text() const noexcept {
  const auto* found = get<std::shared_ptr<const std::string>>();
  return found ? found->get() : nullptr;
}
const List* Value::items() const noexcept {
  const auto* found = get<std::shared_ptr<const List>>();
  return found ? found->get() : nullptr;
}
const Dict* Value::entries() const noexcept {
  const auto* found = get<std::shared_ptr<const Dict>>();
  return found ? found->get() : nullptr;
}
Integer Value::integer() const noexcept {
  if (const bool* value = get<bool>()) return *value;
  const Integer* value = get<Integer>();
  return value ? *value : 0;
}
double Value::real() const noexcept {
  const double* value = get<double>();
  return value ? *value : static_cast<double>(integer());
}
const TemplateError* Value::error() const noexcept {
  const Undefined* found = get<Undefined>();
  return found ? found->error.get() : nullptr;
}

bool Value::truth() const noexcept {
  if (const bool* value = get<bool>()) return *value;
  if (const Integer* value = get<Integer>()) return *value != 0;
  if (const double* value = get<double>()) return *value != 0;
  if (text()) return !text()->empty();
  if (items()) return !items()->values.empty();
  if (entries()) return !entries()->pairs.empty();
  return !is_none() && !is_undefined();
}

std::string_view Value::type_name() const noexcept {
  constexpr std::string_view names[] = {"NoneType", "Undefined", "bool",  "int",         "float",  "str",     "list",
                                        "dict",     "Namespace", "Macro", "LoopContext", "Cycler", "function"};
  if (const List* list = items()) {
    if (list->kind == List::Kind::view) return list->label.starts_with("range") ? "range" : std::string_view(list->label);
    if (list->kind != List::Kind::list) return "tuple";
  }
  return names[held_.index()];
}

int Value::depth() const noexcept {
  if (items()) return items()->depth;
  if (entries()) return entries()->depth;
  if (const auto* loop = get<std::shared_ptr<Loop>>()) return (*loop)->depth_of_items + 1;
  if (const auto* cycler = get<std::shared_ptr<Cycler>>()) return (*cycler)->depth;
  if (const auto* function = get<std::shared_ptr<const Function>>()) return (*function)->self.depth() + 1;
  return 0;
}

int64_t Value::weight() const noexcept {
  if (text()) return 1 + static_cast<int64_t>(text()->size() / 8);
  if (items()) return items()->weight;
  return entries() ? entries()->weight : 1;
}

const void* Value::identity() const noexcept {
  return std::visit(
      [](const auto& held) -> const void* {
        if constexpr (requires { held.get(); })
          return held.get();
        else
          return nullptr;
      },
      held_);
}

const Value* Dict::find(std::string_view key) const {
  const auto found = by_text.find(std::string(key));
  return found == by_text.end() ? nullptr : &pairs[found->second].second;
}

const Value* Dict::find(const Value& key) const {
  if (const std::string* text = key.text()) return find(*text);
  for (const auto& [other, value] : pairs)
    if (!other.is_text() && equal(other, key)) return &value;
  return nullptr;
}

void Dict::set(Value key, Value value) {
  depth = std::max({depth, key.depth() + 1, value.depth() + 1});
  weight = std::min(kHeaviest, weight + key.weight() + value.weight());
  if (const Value* known = find(key)) {
    const_cast<Value&>(*known) = std::move(value);
    return;
  }
  if (const std::string* text = key.text()) by_text[*text] = pairs.size();
  pairs.emplace_back(std::move(key), std::move(value));
}

const Value* Arguments::find(size_t place, std::string_view name) const {
  if (place < positional.size()) return &positional[place];
  for (const auto& [known, value] : named)
    if (known == name) return &value;
  return nullptr;
}

bool equal(const Value& a, const Value& b) {
  if (a.is_integer() && b.is_integer()) return a.integer() == b.integer();
  if (a.is_number() && b.is_number()) return a.real() == b.real();
  if (a.text() && b.text()) return *a.text() == *b.text();
  if (a.items() && b.items()) return same_list(*a.items(), *b.items());
  if (a.entries() && b.entries()) return same_dict(*a.entries(), *b.entries());
  if (a.is_none() || b.is_none()) return a.is_none() && b.is_none();
  if (a.is_undefined() || b.is_undefined()) return a.is_undefined() && b.is_undefined();
  return a.identity() && a.identity() == b.identity();
}

Outcome<int> compare(const Value& a, const Value& b) {
  if (a.error()) return std::unexpected(*a.error());
  if (b.error()) return std::unexpected(*b.error());
  if (a.is_integer() && b.is_integer()) return order(a.integer(), b.integer());
  if (a.is_number() && b.is_number()) return order(a.real(), b.real());
  if (a.text() && b.text()) return order(*a.text(), *b.text());
  if (a.items() && b.items() && a.type_name() == b.type_name()) return compare_lists(*a.items(), *b.items());
  return stop(TemplateError::Kind::other, "'<' not supported between instances of '", a.type_name(), "' and '", b.type_name(), "'");
}

}  // namespace nacre::templates
