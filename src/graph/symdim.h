// A dimension: a constant, or an integer polynomial over symbols and quotients, minima and maxima of such.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/result.h"

namespace nacre {

/// What symbols stand for in one run.
using Bindings = std::unordered_map<std::string, int64_t>;

/// Immutable, cheap to copy. Two dims are equal when their normal forms are; unequal normal forms mean "unknown", not
/// "different" (see `differs`). Arithmetic that overflows 64 bits gives an unknown dim of its own.
class SymDim {
 public:
  struct Expression;

  SymDim() = default;
  SymDim(int64_t constant) : constant_(constant) {}  // NOLINT: numbers are dims
  static SymDim symbol(std::string_view name);

  bool is_constant() const noexcept { return !expression_; }
  std::optional<int64_t> constant() const noexcept { return expression_ ? std::nullopt : std::optional(constant_); }
  bool is(int64_t value) const noexcept { return !expression_ && constant_ == value; }
  /// The symbol's name when the dim is one bare symbol.
  std::optional<std::string_view> symbol_name() const noexcept;

  bool operator==(const SymDim& other) const noexcept;
  /// True when the two can never be equal: their difference is a constant other than 0.
  bool differs(const SymDim& other) const;

  /// The value under `bindings`; empty when a symbol is not bound or the arithmetic overflows.
  std::optional<int64_t> evaluate(const Bindings& bindings) const;
  /// The same dim with bound symbols replaced.
  SymDim substitute(const Bindings& bindings) const;
  /// "7", "batch", "2*seq + 1", "floor(h/2)".
  std::string text() const;

  friend SymDim operator+(const SymDim& a, const SymDim& b);
  friend SymDim operator-(const SymDim& a, const SymDim& b);
  friend SymDim operator*(const SymDim& a, const SymDim& b);
  /// Rounds towards minus infinity. `divisor` other than a positive constant stays symbolic unless it divides exactly.
  friend SymDim floor_div(const SymDim& a, const SymDim& divisor);
  friend SymDim ceil_div(const SymDim& a, const SymDim& divisor);
  friend SymDim min(const SymDim& a, const SymDim& b);
  friend SymDim max(const SymDim& a, const SymDim& b);

 private:
  friend struct Expression;
  static SymDim wrap(Expression expression);

  int64_t constant_ = 0;
  std::shared_ptr<const Expression> expression_;
};

using SymShape = std::vector<SymDim>;

std::string to_string(const SymShape& shape);
inline void append(std::string& out, const SymDim& dim) { out += dim.text(); }
inline void append(std::string& out, const SymShape& shape) { out += to_string(shape); }

/// All dims, when each is a constant.
std::optional<Shape> constant_shape(const SymShape& shape);
SymShape symbolic(std::span<const int64_t> shape);
SymDim product(const SymShape& shape, size_t begin = 0, size_t end = SIZE_MAX);

}  // namespace nacre
