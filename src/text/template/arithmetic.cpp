// Operators on numbers, texts and lists, with Python's rules.
#include <cmath>

#include "text/template/engine.h"
#include "text/template/functions.h"

namespace nacre::templates {
namespace {

using Error = TemplateError::Kind;

std::unexpected<TemplateError> unfit(std::string_view name, const Value& a, const Value& b) {
  return stop(Error::other, "unsupported operand type(s) for ", name, ": '", a.type_name(), "' and '", b.type_name(), "'");
}

std::unexpected<TemplateError> too_large() { return stop(Error::other, "a whole number is too large"); }

Integer floor_divided(Integer a, Integer b) {
  const Integer quotient = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

double floor_remainder(double a, double b) {
  const double rest = std::fmod(a, b);
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

Outcome<Value> power(Integer base, Integer exponent) {
  if (exponent < 0 && base == 0) return stop(Error::other, "0.0 cannot be raised to a negative power");
  if (exponent < 0) return Value(std::pow(static_cast<double>(base), static_cast<double>(exponent)));
  Integer out = 1;
  if (base == 0 || base == 1) return Value(exponent == 0 ? Integer{1} : base);
  if (base == -1) return Value(exponent % 2 == 0 ? Integer{1} : Integer{-1});
  for (Integer i = 0; i < exponent; ++i)  // at most 127 times
    if (__builtin_mul_overflow(out, base, &out)) return too_large();
  return Value(out);
}

}  // namespace

Outcome<Value> Engine::integers(std::string_view name, Integer a, Integer b) {
  Integer out = 0;
  if (name == "+") return __builtin_add_overflow(a, b, &out) ? Outcome<Value>(too_large()) : Value(out);
  if (name == "-") return __builtin_sub_overflow(a, b, &out) ? Outcome<Value>(too_large()) : Value(out);
  if (name == "*") return __builtin_mul_overflow(a, b, &out) ? Outcome<Value>(too_large()) : Value(out);
  if (name == "**") return power(a, b);
  if (b == 0) return stop(Error::other, name == "/" ? "division by zero" : "integer division or modulo by zero");
  if (name == "/") return Value(static_cast<double>(a) / static_cast<double>(b));
  if (b == -1 && __builtin_sub_overflow(Integer{0}, a, &out)) return too_large();
  const Integer quotient = b == -1 ? out : floor_divided(a, b);
  return Value(name == "//" ? quotient : a - quotient * b);
}

Outcome<Value> Engine::reals(std::string_view name, double a, double b) {
  if (name == "+") return Value(a + b);
  if (name == "-") return Value(a - b);
  if (name == "*") return Value(a * b);
  if (name == "**") return Value(std::pow(a, b));
  if (b == 0) return stop(Error::other, name == "/" ? "float division by zero" : "float floor division by zero");
  if (name == "/") return Value(a / b);
  const double rest = floor_remainder(a, b);
  return Value(name == "%" ? rest : std::floor((a - rest) / b + 0.5));
}

Outcome<Value> Engine::add(const Value& a, const Value& b) {
  if (a.text() && b.text()) {
    NACRE_TRY(reserve(static_cast<int64_t>(a.text()->size() + b.text()->size())));
    return text(*a.text() + *b.text());
  }
  if (a.items() && b.items() && a.type_name() == b.type_name() && a.items()->kind != List::Kind::view) {
    NACRE_TRY(spend(static_cast<int64_t>(a.items()->values.size() + b.items()->values.size())));
    std::vector<Value> all = a.items()->values;
    all.insert(all.end(), b.items()->values.begin(), b.items()->values.end());
    return a.items()->kind == List::Kind::list ? list(std::move(all)) : tuple(std::move(all));
  }
  if (a.text() || a.items())
    return stop(Error::other, "can only concatenate ", a.type_name(), " (not \"", b.type_name(), "\") to ", a.type_name());
  return unfit("+", a, b);
}

Outcome<Value> Engine::multiply(const Value& a, const Value& b) {
  const Value& many = a.is_integer() ? b : a;
  const Integer times = a.is_integer() ? a.integer() : b.integer();
  if (!(a.is_integer() || b.is_integer()) || !(many.text() || many.items())) return unfit("*", a, b);
  const Integer size = many.text() ? many.text()->size() : many.items()->values.size() * 40;
  if (times > 0 && size > 0 && times > limits_.memory / size)
    return stop(Error::limit, "the template's values take more than ", limits_.memory, " bytes");
  NACRE_TRY(reserve(times > 0 ? static_cast<int64_t>(times * size) : 0));
  NACRE_TRY(spend(times > 0 && size > 0 ? static_cast<int64_t>(times) : 0));
  if (const std::string* one = many.text()) {
    std::string out;
    for (Integer i = 0; i < times && size > 0; ++i) out += *one;
    return text(std::move(out));
  }
  std::vector<Value> out;
  for (Integer i = 0; i < times && size > 0; ++i) out.insert(out.end(), many.items()->values.begin(), many.items()->values.end());
  return many.items()->kind == List::Kind::list ? list(std::move(out)) : tuple(std::move(out));
}

Outcome<Value> Engine::arithmetic(std::string_view name, const Value& a, const Value& b) {
  if (a.error()) return std::unexpected(*a.error());
  if (b.error()) return std::unexpected(*b.error());
  if (name == "%" && a.text()) return text(NACRE_TRY(format_percent(*this, *a.text(), b)));
  if (a.is_integer() && b.is_integer()) return integers(name, a.integer(), b.integer());
  if (a.is_number() && b.is_number()) return reals(name, a.real(), b.real());
  if (name == "+") return add(a, b);
  if (name == "*") return multiply(a, b);
  return unfit(name == "**" ? "** or pow()" : name, a, b);
}

Outcome<Value> Engine::signed_value(const Expression& node) {
  const Value value = NACRE_TRY(evaluate(*node.parts[0]));
  const bool minus = node.kind == Expression::Kind::minus;
  if (value.error()) return std::unexpected(*value.error());
  if (value.is_integer()) return minus ? integers("-", 0, value.integer()) : Value(value.integer());
  if (value.is_real()) return Value(minus ? -value.real() : value.real());
  return stop(Error::other, "bad operand type for unary ", minus ? "-" : "+", ": '", value.type_name(), "'");
}

}  // namespace nacre::templates
