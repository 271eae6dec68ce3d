// Quantized tensors for the reference operators. x - zero_point is held in float and sums of products in double: both exact.
#pragma once

#include "ops/op.h"

namespace nacre {

/// Input `i` (a scale or zero point) for every element of `shape`: one number for all, one for each index along `axis`
/// when it is 1-D, else broadcast by numpy's rules. Absent: `otherwise`, once.
struct QuantParameter {
  std::vector<float> values;
  float at(int64_t element) const { return values.size() == 1 ? values[0] : values[static_cast<size_t>(element)]; }
};
Result<QuantParameter> quant_parameter(const Evaluation& e, size_t i, const Shape& shape, int64_t axis, float otherwise);

/// Elements of input `i` less zero point `zero`.
Result<std::vector<float>> centred(const Evaluation& e, size_t i, size_t zero, int64_t axis);

/// Sums of integers as int32, modulo 2^32.
void store_int32(std::span<const double> sums, Tensor& y);

/// y = saturate(round(sum * scale[element]) + zero), to nearest even; floats of 8 bits saturate by themselves.
void requantize(std::span<double> sums, const QuantParameter& scale, const QuantParameter& zero, Tensor& y);

}  // namespace nacre
