// What can stand behind `is`.
#include "text/template/engine.h"
#include "text/template/functions.h"

namespace nacre::templates {
namespace {

using Error = TemplateError::Kind;

template <bool (*holds)(const Value&)>
Outcome<Value> plain(Engine&, const Value& self, const Arguments&) {
  return Value(holds(self));
}

bool is_defined(const Value& value) { return !value.is_undefined(); }
bool is_undefined(const Value& value) { return value.is_undefined(); }
bool is_none(const Value& value) { return value.is_none(); }
bool is_boolean(const Value& value) { return value.is_boolean(); }
bool is_true(const Value& value) { return value.is_boolean() && value.truth(); }
bool is_false(const Value& value) { return value.is_boolean() && !value.truth(); }
bool is_integer(const Value& value) { return value.is_integer() && !value.is_boolean(); }
bool is_real(const Value& value) { return value.is_real(); }
bool is_number(const Value& value) { return value.is_number(); }
bool is_text(const Value& value) { return value.is_text(); }
bool is_mapping(const Value& value) { return value.entries() != nullptr; }
bool is_escaped(const Value&) { return false; }
bool is_iterable(const Value& value) {
  return value.items() || value.entries() || value.text() || value.is_undefined() || value.object<Loop>();
}
bool is_sequence(const Value& value) {
  const bool view = value.items() && value.items()->kind == List::Kind::view && value.type_name() != "range";
  return !view && (value.items() || value.entries() || value.text() || value.is_undefined());
}
bool is_callable(const Value& value) {
  const auto cycler = value.object<Cycler>();
  return value.object<const Macro>() || value.object<const Function>() || value.object<Loop>() || (cycler && cycler->joins);
}

template <std::string (*change)(std::string_view), std::string (*other)(std::string_view)>
Outcome<Value> is_case(Engine& engine, const Value& self, const Arguments&) {
  const std::string text = NACRE_TRY(engine.print(self));
  return Value(change(text) == text && other(text) != text);
}

Outcome<Integer> remainder(const Value& self, Integer by) {
  if (self.error()) return std::unexpected(*self.error());
  if (!self.is_number() || (self.is_real() && static_cast<double>(static_cast<int64_t>(self.real())) != self.real()))
    return stop(Error::other, "not all arguments converted during string formatting");
  if (by == 0) return stop(Error::other, "integer modulo by zero");
  const Integer value = self.is_real() ? static_cast<Integer>(self.real()) : self.integer();
  return by == -1 ? Integer{0} : value % by;
}

Outcome<Value> odd(Engine&, const Value& self, const Arguments&) { return Value(NACRE_TRY(remainder(self, 2)) != 0); }
Outcome<Value> even(Engine&, const Value& self, const Arguments&) { return Value(NACRE_TRY(remainder(self, 2)) == 0); }

Outcome<Value> operand(const Arguments& arguments) {
  if (arguments.positional.empty()) return stop(Error::other, "the test takes a value to compare with");
  return arguments.positional[0];
}

Outcome<Value> divisible_by(Engine&, const Value& self, const Arguments& arguments) {
  const Value by = NACRE_TRY(operand(arguments));
  if (!by.is_integer()) return stop(Error::other, "divisibleby takes a whole number");
  return Value(NACRE_TRY(remainder(self, by.integer())) == 0);
}

template <bool wanted>
Outcome<Value> equals(Engine& engine, const Value& self, const Arguments& arguments) {
  return Value(NACRE_TRY(engine.same(self, NACRE_TRY(operand(arguments)))) == wanted);
}

template <bool (*fits)(int)>
Outcome<Value> ordered(Engine& engine, const Value& self, const Arguments& arguments) {
  return Value(fits(NACRE_TRY(engine.order(self, NACRE_TRY(operand(arguments))))));
}
bool less(int order) { return order < 0; }
bool less_equal(int order) { return order <= 0; }
bool greater(int order) { return order > 0; }
bool greater_equal(int order) { return order >= 0; }

Outcome<Value> in(Engine& engine, const Value& self, const Arguments& arguments) {
  return Value(NACRE_TRY(engine.contains(NACRE_TRY(operand(arguments)), self)));
}

/// Python's `is`: the same object, or an equal plain value of the same type.
Outcome<Value> same_as(Engine& engine, const Value& self, const Arguments& arguments) {
  const Value other = NACRE_TRY(operand(arguments));
  if (self.type_name() != other.type_name()) return Value(false);
  if (self.identity() && !self.is_text()) return Value(self.identity() == other.identity());
  return Value(NACRE_TRY(engine.same(self, other)));
}

Outcome<Value> is_filter(Engine&, const Value& self, const Arguments&) { return Value(self.text() && find_filter(*self.text())); }
Outcome<Value> is_test(Engine&, const Value& self, const Arguments&) { return Value(self.text() && find_test(*self.text())); }

constexpr FunctionRow kRows[] = {{"!=", equals<false>},
                                 {"<", ordered<less>},
                                 {"<=", ordered<less_equal>},
                                 {"==", equals<true>},
                                 {">", ordered<greater>},
                                 {">=", ordered<greater_equal>},
                                 {"boolean", plain<is_boolean>},
                                 {"callable", plain<is_callable>},
                                 {"defined", plain<is_defined>},
                                 {"divisibleby", divisible_by},
                                 {"eq", equals<true>},
                                 {"equalto", equals<true>},
                                 {"escaped", plain<is_escaped>},
                                 {"even", even},
                                 {"false", plain<is_false>},
                                 {"filter", is_filter},
                                 {"float", plain<is_real>},
                                 {"ge", ordered<greater_equal>},
                                 {"greaterthan", ordered<greater>},
                                 {"gt", ordered<greater>},
                                 {"in", in},
                                 {"integer", plain<is_integer>},
                                 {"iterable", plain<is_iterable>},
                                 {"le", ordered<less_equal>},
                                 {"lessthan", ordered<less>},
                                 {"lower", is_case<lower_case, upper_case>},
                                 {"lt", ordered<less>},
                                 {"mapping", plain<is_mapping>},
                                 {"ne", equals<false>},
                                 {"none", plain<is_none>},
                                 {"number", plain<is_number>},
                                 {"odd", odd},
                                 {"sameas", same_as},
                                 {"sequence", plain<is_sequence>},
                                 {"string", plain<is_text>},
                                 {"test", is_test},
                                 {"true", plain<is_true>},
                                 {"undefined", plain<is_undefined>},
                                 {"upper", is_case<upper_case, lower_case>}};

}  // namespace

const FunctionRow* find_test(std::string_view name) { return find_row(kRows, name); }

}  // namespace nacre::templates
