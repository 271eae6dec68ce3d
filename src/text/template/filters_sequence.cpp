// Filters that walk over lists, dicts and texts.
#include <algorithm>

#include "text/template/engine.h"
#include "text/template/functions.h"

namespace nacre::templates {
namespace {

using Error = TemplateError::Kind;
using Values = std::vector<Value>;

Outcome<Value> length(Engine& engine, const Value& self, const Arguments&) {
  if (self.entries()) return Value(self.entries()->pairs.size());
  if (self.items()) return Value(self.items()->values.size());
  if (self.text()) NACRE_TRY(engine.spend(static_cast<int64_t>(self.text()->size() / 64)));
  if (self.text()) return Value(characters(*self.text()).size());
  if (self.is_undefined()) return Value(0);
  return stop(Error::other, "object of type '", self.type_name(), "' has no len()");
}

Outcome<Value> first(Engine& engine, const Value& self, const Arguments&) {
  const Values values = NACRE_TRY(engine.iterate(self));
  return values.empty() ? Value::undefined("No first item, sequence was empty.") : values.front();
}

Outcome<Value> last(Engine& engine, const Value& self, const Arguments&) {
  const Values values = NACRE_TRY(engine.iterate(self));
  return values.empty() ? Value::undefined("No last item, sequence was empty.") : values.back();
}

Outcome<Value> list(Engine& engine, const Value& self, const Arguments&) { return engine.list(NACRE_TRY(engine.iterate(self))); }

Outcome<Value> reverse(Engine& engine, const Value& self, const Arguments&) {
  Values values = NACRE_TRY(engine.iterate(self));
  std::reverse(values.begin(), values.end());
  if (!self.text()) return engine.list(std::move(values));
  std::string out;
  for (const Value& value : values) out += *value.text();
  return engine.text(std::move(out));
}

/// The value's attribute where one is asked for, in lower case unless case counts.
class Key {
 public:
  Key(Engine& engine, const Value* attribute, bool case_sensitive)
      : engine_(engine), attribute_(attribute), case_sensitive_(case_sensitive) {}

  Outcome<Value> of(const Value& value) const {
    Value out = value;
    if (attribute_ && !attribute_->is_none()) {
      const std::string* text = attribute_->text();
      if (text && text->find(',') != text->npos) return several(value);
      out = NACRE_TRY(engine_.path(value, *attribute_));
    }
    return folded(out);
  }

 private:
  Outcome<Value> folded(const Value& value) const {
    return value.text() && !case_sensitive_ ? engine_.text(lower_case(*value.text())) : value;
  }
  Outcome<Value> several(const Value& value) const {
    Values out;
    for (const std::string& part : split_text(*attribute_->text(), ",", -1))
      out.push_back(NACRE_TRY(folded(NACRE_TRY(engine_.path(value, Value(part))))));
    return engine_.tuple(std::move(out));
  }

  Engine& engine_;
  const Value* attribute_;
  bool case_sensitive_;
};

struct Keyed {
  Value key, value;
};

Outcome<std::vector<Keyed>> keyed(Engine& engine, const Values& values, const Key& key) {
  std::vector<Keyed> out;
  for (const Value& value : values) {
    NACRE_TRY(engine.spend(1));
    out.push_back({NACRE_TRY(key.of(value)), value});
  }
  return out;
}

/// Merges two sorted halves; of equal items the left one comes first. Any order whatever is safe here, that of NaN included.
Outcome<void> merge(Engine& engine, std::span<Keyed> items, size_t middle, std::vector<Keyed>& merged) {
  merged.clear();
  size_t left = 0, right = middle;
  while (left < middle || right < items.size()) {
    const bool take_right = left == middle || (right < items.size() && NACRE_TRY(engine.order(items[right].key, items[left].key)) < 0);
    merged.push_back(std::move(items[take_right ? right++ : left++]));
  }
  std::move(merged.begin(), merged.end(), items.begin());
  return {};
}

/// Stable; a pair that cannot be ordered is the error.
Outcome<void> sort_by_key(Engine& engine, std::vector<Keyed>& items, bool reverse) {
  if (reverse) std::reverse(items.begin(), items.end());  // equal ones keep their order
  std::vector<Keyed> merged;
  for (size_t size = 1; size < items.size(); size *= 2)
    for (size_t at = 0; at + size < items.size(); at += 2 * size)
      NACRE_TRY(merge(engine, std::span(items).subspan(at, std::min(2 * size, items.size() - at)), size, merged));
  if (reverse) std::reverse(items.begin(), items.end());
  return {};
}

Values values_of(std::vector<Keyed> items) {
  Values out;
  for (Keyed& item : items) out.push_back(std::move(item.value));
  return out;
}

Outcome<Value> sort(Engine& engine, const Value& self, const Arguments& arguments) {
  const Key key(engine, arguments.find(2, "attribute"), flag_argument(arguments, 1, "case_sensitive", false));
  std::vector<Keyed> items = NACRE_TRY(keyed(engine, NACRE_TRY(engine.iterate(self)), key));
  NACRE_TRY(sort_by_key(engine, items, flag_argument(arguments, 0, "reverse", false)));
  return engine.list(values_of(std::move(items)));
}

Outcome<Value> unique(Engine& engine, const Value& self, const Arguments& arguments) {
  const Key key(engine, arguments.find(1, "attribute"), flag_argument(arguments, 0, "case_sensitive", false));
  Values seen, out;
  for (const Value& value : NACRE_TRY(engine.iterate(self))) {
    const Value mark = NACRE_TRY(key.of(value));
    bool known = false;
    for (size_t i = 0; i < seen.size() && !known; ++i) {
      NACRE_TRY(engine.spend(1));
      known = NACRE_TRY(engine.same(seen[i], mark));
    }
    if (!known) seen.push_back(mark), out.push_back(value);
  }
  return engine.list(std::move(out));
}

template <int wanted>
Outcome<Value> extreme(Engine& engine, const Value& self, const Arguments& arguments) {
  const Key key(engine, arguments.find(1, "attribute"), flag_argument(arguments, 0, "case_sensitive", false));
  const std::vector<Keyed> items = NACRE_TRY(keyed(engine, NACRE_TRY(engine.iterate(self)), key));
  if (items.empty()) return Value::undefined("No aggregated item, sequence was empty.");
  const Keyed* best = &items[0];
  for (const Keyed& item : items)
    if (NACRE_TRY(engine.order(item.key, best->key)) == wanted) best = &item;
  return best->value;
}

Outcome<Value> join(Engine& engine, const Value& self, const Arguments& arguments) {
  const Value *separator = arguments.find(0, "d"), *attribute = arguments.find(1, "attribute");
  const std::string between = separator ? NACRE_TRY(engine.print(*separator)) : "";
  std::string out;
  bool started = false;
  for (const Value& value : NACRE_TRY(engine.iterate(self))) {
    const std::string part =
        NACRE_TRY(engine.print(attribute && !attribute->is_none() ? NACRE_TRY(engine.path(value, *attribute)) : value));
    NACRE_TRY(engine.reserve(static_cast<int64_t>(part.size() + between.size())));
    if (std::exchange(started, true)) out += between;
    out += part;
  }
  return engine.text(std::move(out));
}

Arguments without_first(const Arguments& arguments) {
  Arguments out = arguments;
  if (!out.positional.empty()) out.positional.erase(out.positional.begin());
  return out;
}

Outcome<Value> map(Engine& engine, const Value& self, const Arguments& arguments) {
  const Value* attribute = arguments.find(SIZE_MAX, "attribute");
  const Value* fallback = arguments.find(SIZE_MAX, "default");
  if (!attribute && arguments.positional.empty()) return stop(Error::raised, "map requires a filter argument");
  Values out;
  for (const Value& value : NACRE_TRY(engine.iterate(self))) {
    if (attribute && arguments.positional.empty()) {
      Value found = NACRE_TRY(engine.path(value, *attribute));
      out.push_back(found.is_undefined() && fallback ? *fallback : std::move(found));
    } else {
      out.push_back(NACRE_TRY(engine.filter(text_argument(arguments, 0, "", ""), value, without_first(arguments))));
    }
  }
  return engine.list(std::move(out));
}

/// select, reject, selectattr, rejectattr: by a test's name with its arguments, or by truth.
template <bool wanted, bool by_attribute>
Outcome<Value> choose(Engine& engine, const Value& self, const Arguments& arguments) {
  if (by_attribute && arguments.positional.empty()) return stop(Error::raised, "Missing parameter for attribute name");
  const Arguments rest = by_attribute ? without_first(arguments) : arguments;
  Values out;
  for (const Value& value : NACRE_TRY(engine.iterate(self))) {
    const Value subject = by_attribute ? NACRE_TRY(engine.path(value, arguments.positional[0])) : value;
    const bool holds =
        rest.positional.empty() ? subject.truth() : NACRE_TRY(engine.test(text_of(rest.positional[0]), subject, without_first(rest)));
    if (holds == wanted) out.push_back(value);
  }
  return engine.list(std::move(out));
}

Outcome<Value> sum(Engine& engine, const Value& self, const Arguments& arguments) {
  const Value *attribute = arguments.find(0, "attribute"), *start = arguments.find(1, "start");
  Value total = start ? *start : Value(0);
  for (const Value& value : NACRE_TRY(engine.iterate(self)))
    total =
        NACRE_TRY(engine.arithmetic("+", total, attribute && !attribute->is_none() ? NACRE_TRY(engine.path(value, *attribute)) : value));
  return total;
}

Outcome<Value> items(Engine& engine, const Value& self, const Arguments&) {
  if (self.is_undefined()) return engine.list({});
  if (!self.entries()) return stop(Error::other, "Can only get item pairs from a mapping.");
  Values out;
  for (const auto& [key, value] : self.entries()->pairs) out.push_back(NACRE_TRY(engine.tuple({key, value})));
  return engine.list(std::move(out));
}

Outcome<Value> dictsort(Engine& engine, const Value& self, const Arguments& arguments) {
  if (!self.entries()) return stop(Error::other, "dictsort: '", self.type_name(), "' object has no items");
  const std::string by = text_argument(arguments, 1, "by", "key");
  if (by != "key" && by != "value") return stop(Error::raised, "You can only sort by either \"key\" or \"value\"");
  const Value place(by == "key" ? 0 : 1);
  const Key key(engine, &place, flag_argument(arguments, 0, "case_sensitive", false));
  const Value pairs = NACRE_TRY(items(engine, self, {}));
  std::vector<Keyed> sorted = NACRE_TRY(keyed(engine, pairs.items()->values, key));
  NACRE_TRY(sort_by_key(engine, sorted, flag_argument(arguments, 2, "reverse", false)));
  return engine.list(values_of(std::move(sorted)));
}

Outcome<Value> batch(Engine& engine, const Value& self, const Arguments& arguments) {
  const Integer size = NACRE_TRY(integer_argument(arguments, 0, "linecount", 0));
  const Value* fill = arguments.find(1, "fill_with");
  if (size < 1) return stop(Error::other, "batch: a line holds 1 or more items");
  Values out, line;
  for (const Value& value : NACRE_TRY(engine.iterate(self))) {
    if (static_cast<Integer>(line.size()) == size) out.push_back(NACRE_TRY(engine.list(std::exchange(line, {}))));
    line.push_back(value);
  }
  if (fill && !fill->is_none() && !line.empty()) {
    if (size > 100'000) return stop(Error::limit, "batch: lines of more than 100000 items");
    line.resize(static_cast<size_t>(size), *fill);
  }
  if (!line.empty()) out.push_back(NACRE_TRY(engine.list(std::move(line))));
  return engine.list(std::move(out));
}

/// `count` lists; the first ones take what does not divide.
Outcome<Value> slice(Engine& engine, const Value& self, const Arguments& arguments) {
  const Values values = NACRE_TRY(engine.iterate(self));
  const Integer given = NACRE_TRY(integer_argument(arguments, 0, "slices", 0));
  const Value* fill = arguments.find(1, "fill_with");
  if (given < 1) return stop(Error::other, "integer division or modulo by zero");
  if (given > 100'000) return stop(Error::limit, "slice: more than 100000 lists");
  const auto count = static_cast<size_t>(given);
  const size_t size = values.size() / count, longer = values.size() % count;
  Values out;
  for (size_t i = 0, at = 0; i < count; ++i) {
    const size_t take = size + (i < longer ? 1 : 0);
    Values part(values.begin() + static_cast<ptrdiff_t>(at), values.begin() + static_cast<ptrdiff_t>(at + take));
    if (fill && !fill->is_none() && i >= longer) part.push_back(*fill);
    out.push_back(NACRE_TRY(engine.list(std::move(part))));
    at += take;
  }
  return engine.list(std::move(out));
}

Outcome<Value> groupby(Engine& engine, const Value& self, const Arguments& arguments) {
  const Value *attribute = arguments.find(0, "attribute"), *fallback = arguments.find(1, "default");
  if (!attribute) return stop(Error::other, "groupby: missing the attribute");
  const Key key(engine, nullptr, flag_argument(arguments, 2, "case_sensitive", false));
  std::vector<Keyed> sorted;
  Values plain;  // the keys as they are written
  for (const Value& value : NACRE_TRY(engine.iterate(self))) {
    Value found = NACRE_TRY(engine.path(value, *attribute));
    if (found.is_undefined() && fallback) found = *fallback;
    sorted.push_back({NACRE_TRY(key.of(found)), NACRE_TRY(engine.tuple({found, value}))});
  }
  NACRE_TRY(sort_by_key(engine, sorted, false));
  Values out;
  for (size_t begin = 0, end = 0; begin < sorted.size(); begin = end) {
    Values members;
    for (end = begin; end < sorted.size() && NACRE_TRY(engine.same(sorted[begin].key, sorted[end].key)); ++end)
      members.push_back(sorted[end].value.items()->values[1]);
    List group{.kind = List::Kind::group, .values = {sorted[begin].value.items()->values[0], NACRE_TRY(engine.list(std::move(members)))}};
    for (const Value& part : group.values) group.depth = std::max(group.depth, part.depth() + 1), group.weight += part.weight();
    out.push_back(NACRE_TRY(engine.keep(Value(std::make_shared<const List>(std::move(group))))));
  }
  return engine.list(std::move(out));
}

Outcome<Value> attr(Engine& engine, const Value& self, const Arguments& arguments) {
  const std::string name = text_argument(arguments, 0, "name", "");
  if (self.entries() && !find_method(self, name)) return Value::undefined(cat("'dict object' has no attribute '", name, "'"));
  return engine.attribute(self, name);
}

constexpr FunctionRow kRows[] = {{"attr", attr},
                                 {"batch", batch},
                                 {"count", length},
                                 {"dictsort", dictsort},
                                 {"first", first},
                                 {"groupby", groupby},
                                 {"items", items},
                                 {"join", join},
                                 {"last", last},
                                 {"length", length},
                                 {"list", list},
                                 {"map", map},
                                 {"max", extreme<1>},
                                 {"min", extreme<-1>},
                                 {"reject", choose<false, false>},
                                 {"rejectattr", choose<false, true>},
                                 {"reverse", reverse},
                                 {"select", choose<true, false>},
                                 {"selectattr", choose<true, true>},
                                 {"slice", slice},
                                 {"sort", sort},
                                 {"sum", sum},
                                 {"unique", unique}};

}  // namespace

std::span<const FunctionRow> sequence_filters() { return kRows; }

}  // namespace nacre::templates
