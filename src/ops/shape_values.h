// Shared by the operators that compute shapes: what is known of small integer tensors before anything runs.
#pragma once

#include "ops/op.h"

namespace nacre {

/// Stands for one element of an integer tensor about which nothing is known: unlike a dimension it may be negative.
SymDim unknown_element(Inference& inference);
/// False when `value` is built of dimensions, which are not negative. Differences of dimensions count as such: exporters
/// subtract lengths only where the result is one.
bool may_be_negative(const SymDim& value);

/// The elements of integer input `i`: known, symbolic, or unknown ones when at least their number (of a scalar or 1-D
/// input) is known. Empty otherwise.
std::optional<std::vector<SymDim>> elements(Inference& inference, size_t i);

/// The same of an input that must be integers: another dtype is an error, as it is when the operator runs.
Result<std::optional<std::vector<SymDim>>> integer_elements(Inference& inference, size_t i);

/// The shape that integer input `i` spells, as far as known: empty when not even its rank is. Fails on another dtype.
Result<std::optional<SymShape>> spelt_shape(Inference& inference, size_t i);

/// Output 0 has input 0's elements in order: tracked ones stay tracked.
void keep_values(Inference& inference);

/// One dimension that is both: prefers constants; fails when they can never be equal.
Result<SymDim> unify(const SymDim& a, const SymDim& b, std::string_view what);

/// The number of dims of input `i`, when known.
inline std::optional<int64_t> rank_of(const Inference& inference, size_t i) {
  const SymShape* shape = inference.shape(i);
  return shape ? std::optional(static_cast<int64_t>(shape->size())) : std::nullopt;
}

/// Axes counted from the front, sorted; fails when one is out of range or comes twice.
Result<std::vector<int64_t>> sorted_axes(std::vector<int64_t> axes, int64_t rank);

/// out[..., i, ...] for the dims before, at and after an axis.
struct AxisView {
  AxisView(const Shape& shape, int64_t axis);
  int64_t outer = 1, length = 1, inner = 1;
};

/// Shares the elements of input 0 under another shape.
Result<void> give_reshaped(Evaluation& e, Shape shape);

}  // namespace nacre
