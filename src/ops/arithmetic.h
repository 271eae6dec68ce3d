// Shared by the arithmetic operators: symbolic values through integer tensors, and the axis-broadcast of opsets below 7.
#pragma once

#include <type_traits>

#include "ops/op.h"

namespace nacre {

// Integers wrap, as in numpy; signed overflow would be undefined.
template <class T>
T wrapping_add(T a, T b) {
  if constexpr (std::is_integral_v<T>)
    return static_cast<T>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
  else
    return a + b;
}
template <class T>
T wrapping_sub(T a, T b) {
  if constexpr (std::is_integral_v<T>)
    return static_cast<T>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
  else
    return a - b;
}
template <class T>
T wrapping_mul(T a, T b) {
  if constexpr (std::is_integral_v<T>)
    return static_cast<T>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
  else
    return a * b;
}

/// Combines the tracked elements of inputs 0 and 1 into output 0's, one with many too. `combine` gives a
/// std::optional<SymDim>; when one element is unknown nothing is tracked.
template <class Combine>
Result<void> track_pairs(Inference& inference, Combine combine) {
  const std::vector<SymDim>*a = inference.values(0), *b = inference.values(1);
  if (!a || !b || (a->size() != b->size() && a->size() != 1 && b->size() != 1)) return {};
  std::vector<SymDim> out(a->empty() || b->empty() ? 0 : std::max(a->size(), b->size()));
  for (size_t i = 0; i < out.size(); ++i) {
    std::optional<SymDim> element = combine((*a)[a->size() == 1 ? 0 : i], (*b)[b->size() == 1 ? 0 : i]);
    if (!element) return {};
    out[i] = *std::move(element);
  }
  inference.set_values(0, std::move(out));
  return {};
}

/// True when no run can make the dim negative: dims are not, and no term of this one is subtracted.
bool is_never_negative(const SymDim& dim);
/// a / b as ONNX divides integers: towards zero. Empty when the sign of a symbolic `a` is not known or b may be zero.
std::optional<SymDim> truncated_quotient(const SymDim& a, const SymDim& b);

/// Fails when input 1 holds an integer zero.
Result<void> refuse_zero_divisor(const Evaluation& e);

/// Opset 1 had an attribute for in-place execution.
Result<void> drop_consumed_inputs(Upgrade& upgrade);

/// broadcast_inputs, and tracks the elements when both sides are known small integer tensors.
Result<void> infer_arithmetic(Inference& inference, SymDim (*combine)(const SymDim&, const SymDim&));
/// The same over any number of inputs.
Result<void> infer_variadic(Inference& inference, SymDim (*combine)(const SymDim&, const SymDim&));

/// Opsets 1-6: attributes `axis` and `broadcast` say where the second operand aligns. Becomes an Unsqueeze of it.
Result<void> upgrade_axis_broadcast(Upgrade& upgrade);

}  // namespace nacre
