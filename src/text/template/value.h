// Values of templates, with Python's meaning: integers, text, lists, dicts in order of insertion, and the undefined.
//
//     Value list = Value::list({Value(1), Value("two"), Value::none()});
//     std::string printed = text_of(list);                  // [1, 'two', None]
//     bool same = equal(list[0], Value(1.0));               // true, as in Python
//
// Copies are cheap and share what they hold; nothing but a namespace changes after it was made. Lists know how deep they nest,
// so that neither printing nor destroying one can exhaust the stack.
#pragma once

#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "core/result.h"

namespace nacre::templates {

/// What stopped a template. Messages are those of jinja2 where it has one for the case.
struct TemplateError {
  enum class Kind : uint8_t {
    syntax,     ///< the template does not parse
    raised,     ///< raise_exception, or a filter or test that does not exist
    undefined,  ///< something undefined was used
    security,   ///< what a sandbox forbids
    other,      ///< types that do not fit, division by zero, and so on
    limit,      ///< too many steps, too much output, nested too deeply
  };
  Kind kind = Kind::other;
  std::string message;
  int line = 0;  ///< 0: not known
};

template <class T>
using Outcome = std::expected<T, TemplateError>;

template <class... Parts>
std::unexpected<TemplateError> stop(TemplateError::Kind kind, const Parts&... parts) {
  return std::unexpected(TemplateError{kind, cat(parts...)});
}

using Integer = __int128;

inline constexpr int kMostNesting = 100;  // of lists and dicts within each other

class Value;
struct List;
struct Dict;
struct Namespace;
struct Macro;
struct Loop;
struct Cycler;
struct Function;

struct Undefined {
  std::shared_ptr<const TemplateError> error;  ///< what its use gives
};

class Value {
 public:
  Value() = default;  ///< None
  explicit Value(bool value) : held_(value) {}
  explicit Value(double value) : held_(value) {}
  explicit Value(int value) : held_(Integer{value}) {}
  explicit Value(int64_t value) : held_(Integer{value}) {}
  explicit Value(size_t value) : held_(static_cast<Integer>(value)) {}
  explicit Value(Integer value) : held_(value) {}
  explicit Value(std::string value) : held_(std::make_shared<const std::string>(std::move(value))) {}
  explicit Value(std::string_view value) : Value(std::string(value)) {}
  explicit Value(const char* value) : Value(std::string(value)) {}
  template <class T>
  explicit Value(std::shared_ptr<T> object) : held_(std::move(object)) {}

  static Value none() { return Value(); }
  static Value list(std::vector<Value> items);
  static Value tuple(std::vector<Value> items);
  static Value dict(std::vector<std::pair<Value, Value>> entries);
  /// Its use gives this message; printed it is nothing.
  static Value undefined(std::string message, TemplateError::Kind kind = TemplateError::Kind::undefined);

  template <class T>
  const T* get() const noexcept {
    return std::get_if<T>(&held_);
  }
  bool is_none() const noexcept { return held_.index() == 0; }
  bool is_undefined() const noexcept { return get<Undefined>() != nullptr; }
  bool is_text() const noexcept { return get<std::shared_ptr<const std::string>>() != nullptr; }
  bool is_boolean() const noexcept { return get<bool>() != nullptr; }
  bool is_real() const noexcept { return get<double>() != nullptr; }
  /// int or bool, as in Python.
  bool is_integer() const noexcept { return get<Integer>() != nullptr || is_boolean(); }
  bool is_number() const noexcept { return is_integer() || is_real(); }

  // Null or zero when the value is something else.
  const std::string* text() const noexcept;
  const List* items() const noexcept;  ///< of a list, tuple, range or view
  const Dict* entries() const noexcept;
  Integer integer() const noexcept;
  double real() const noexcept;
  /// The object of another kind.
  template <class T>
  std::shared_ptr<T> object() const noexcept {
    const auto* found = get<std::shared_ptr<T>>();
    return found ? *found : nullptr;
  }
  const TemplateError* error() const noexcept;  ///< of an undefined value

  bool truth() const noexcept;
  /// "int", "str", "NoneType": Python's type names.
  std::string_view type_name() const noexcept;
  /// How deep lists and their like nest in it; 0 for plain values.
  int depth() const noexcept;
  /// What walking it costs: shared parts count as often as they occur.
  int64_t weight() const noexcept;
  const void* identity() const noexcept;

 private:
  std::variant<std::monostate, Undefined, bool, Integer, double, std::shared_ptr<const std::string>, std::shared_ptr<const List>,
               std::shared_ptr<const Dict>, std::shared_ptr<Namespace>, std::shared_ptr<const Macro>, std::shared_ptr<Loop>,
               std::shared_ptr<Cycler>, std::shared_ptr<const Function>>
      held_;
};

struct List {
  enum class Kind : uint8_t { list, tuple, view, group };
  Kind kind = Kind::list;
  std::vector<Value> values;
  std::string label;  ///< of a view: "dict_items", or "range(0, 3)" as a whole
  int depth = 1;
  int64_t weight = 1;
};

/// Keys in order of insertion; of equal keys the last value counts, in the first one's place.
struct Dict {
  std::vector<std::pair<Value, Value>> pairs;
  std::unordered_map<std::string, size_t> by_text;  ///< text keys to places
  int depth = 1;
  int64_t weight = 1;

  const Value* find(const Value& key) const;
  const Value* find(std::string_view key) const;
  void set(Value key, Value value);
};

struct Namespace {
  std::vector<std::pair<std::string, Value>> attributes;
};

/// cycler(...) and joiner(...).
struct Cycler {
  std::vector<Value> items;
  size_t position = 0;
  bool joins = false;  ///< the first call gives nothing, all others items[0]
  int depth = 1;
};

/// What a call passes.
struct Arguments {
  std::vector<Value> positional;
  std::vector<std::pair<std::string, Value>> named;

  /// By place, else by name; null when it was not passed.
  const Value* find(size_t place, std::string_view name) const;
};

Value view(std::string label, std::vector<Value> items);
bool equal(const Value& a, const Value& b);
/// -1, 0, 1; fails where Python does not order the two types.
Outcome<int> compare(const Value& a, const Value& b);
/// str(value) and repr(value).
std::string text_of(const Value& value);
std::string representation(const Value& value);
std::string real_text(double value);
std::string integer_text(Integer value);

struct JsonStyle {
  bool ascii = false, sorted = false, indented = false;
  std::string indent, item_separator, key_separator;
};
Outcome<std::string> json_text(const Value& value, const JsonStyle& style);

}  // namespace nacre::templates
