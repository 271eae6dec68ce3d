// Filters on numbers and defaults, and the look-up over all filters.
#include <algorithm>
#include <cmath>

#include "text/template/engine.h"
#include "text/template/functions.h"

namespace nacre::templates {
namespace {

using Error = TemplateError::Kind;

Outcome<Value> absolute(Engine&, const Value& self, const Arguments&) {
  if (self.error()) return std::unexpected(*self.error());
  if (self.is_integer()) return Value(self.integer() < 0 ? -self.integer() : self.integer());
  if (self.is_real()) return Value(std::abs(self.real()));
  return stop(Error::other, "bad operand type for abs(): '", self.type_name(), "'");
}

Outcome<Value> fallback(Engine&, const Value& self, const Arguments& arguments) {
  const Value* given = arguments.find(0, "default_value");
  const bool missing = self.is_undefined() || (flag_argument(arguments, 1, "boolean", false) && !self.truth());
  if (!missing) return self;
  return given ? *given : Value("");
}

Outcome<Value> integer_of(double value, const Value& otherwise) {
  if (!std::isfinite(value) || std::abs(value) > 1e37) return otherwise;
  return Value(static_cast<Integer>(value));
}

Outcome<Value> to_integer(Engine&, const Value& self, const Arguments& arguments) {
  const Value* given = arguments.find(0, "default");
  const Value otherwise = given ? *given : Value(0);
  const auto base = static_cast<int>(std::clamp<Integer>(NACRE_TRY(integer_argument(arguments, 1, "base", 10)), 0, 36));
  if (self.error()) return std::unexpected(*self.error());
  if (self.is_integer()) return Value(self.integer());
  if (self.is_real()) return integer_of(self.real(), otherwise);
  if (!self.text()) return otherwise;
  if (const Value parsed = parse_integer(*self.text(), base); !parsed.is_undefined()) return parsed;
  const Outcome<double> real = parse_real(*self.text());
  return real ? integer_of(*real, otherwise) : otherwise;
}

Outcome<Value> to_real(Engine&, const Value& self, const Arguments& arguments) {
  const Value* given = arguments.find(0, "default");
  if (self.error()) return std::unexpected(*self.error());
  if (self.is_number()) return Value(self.real());
  const Outcome<double> parsed = self.text() ? parse_real(*self.text()) : stop(Error::other, "");
  return parsed ? Value(*parsed) : given ? *given : Value(0.0);
}

/// Python's round: halves go to the even neighbour, and digits count as the decimal text of the number has them.
double rounded(double value, int digits) {
  if (!std::isfinite(value) || digits > 300) return value;
  if (digits <= 0) {
    const double scale = std::pow(10.0, -digits);
    return std::nearbyint(value / scale) * scale;
  }
  char buffer[700];
  std::snprintf(buffer, sizeof buffer, "%.*f", digits, value);
  return std::strtod(buffer, nullptr);
}

Outcome<Value> round(Engine&, const Value& self, const Arguments& arguments) {
  const auto digits = static_cast<int>(std::clamp<Integer>(NACRE_TRY(integer_argument(arguments, 0, "precision", 0)), -300, 301));
  const std::string method = text_argument(arguments, 1, "method", "common");
  if (self.error()) return std::unexpected(*self.error());
  if (!self.is_number()) return stop(Error::other, "type ", self.type_name(), " doesn't define __round__ method");
  if (method == "common" && self.is_integer())
    return Value(digits >= 0 || digits < -30 ? self.integer() : static_cast<Integer>(rounded(self.real(), digits)));
  if (method == "common") return Value(rounded(self.real(), digits));
  if (method != "ceil" && method != "floor") return stop(Error::raised, "method must be common, ceil or floor");
  const double scale = std::pow(10.0, digits), scaled = self.real() * scale;
  return Value((method == "ceil" ? std::ceil(scaled) : std::floor(scaled)) / scale);
}

Outcome<Value> filesizeformat(Engine& engine, const Value& self, const Arguments& arguments) {
  const bool binary = flag_argument(arguments, 0, "binary", false);
  const Value number = NACRE_TRY(to_real(engine, self, {}));
  const double base = binary ? 1024 : 1000, bytes = number.real();
  if (bytes == 1) return engine.text("1 Byte");
  if (bytes < base) return engine.text(cat(integer_text(static_cast<Integer>(std::max(bytes, -1e18))), " Bytes"));
  constexpr std::string_view prefixes = "kMGTPEZY";
  double unit = base * base;
  size_t at = 0;
  for (; at + 1 < prefixes.size() && bytes >= unit; ++at) unit *= base;
  char buffer[400];
  std::snprintf(buffer, sizeof buffer, "%.1f %c%sB", base * bytes / unit, binary && at == 0 ? 'K' : prefixes[at], binary ? "i" : "");
  return engine.text(buffer);
}

constexpr FunctionRow kRows[] = {{"abs", absolute},  {"d", fallback},     {"default", fallback}, {"filesizeformat", filesizeformat},
                                 {"float", to_real}, {"int", to_integer}, {"round", round}};

}  // namespace

std::span<const FunctionRow> number_filters() { return kRows; }

const FunctionRow* find_filter(std::string_view name) {
  for (const auto rows : {text_filters(), sequence_filters(), number_filters()})
    if (const FunctionRow* row = find_row(rows, name)) return row;
  return nullptr;
}

}  // namespace nacre::templates
