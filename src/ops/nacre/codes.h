// What the operators on 8-bit codes share: a code stands for (code - zero) * scale, one scale and zero point a tensor.
#pragma once

#include <algorithm>
#include <cmath>

#include "ops/op.h"

namespace nacre {

inline constexpr TypeSet kCodes{DType::int8, DType::uint8};

/// Input `i`, a scale, of one element.
inline Result<float> scale_of(const Evaluation& e, size_t i) {
  if (e.input(i).size() != 1) return fail(ErrorCode::invalid_argument, "scale ", i, " is ", describe(e.input(i)), ", takes one element");
  return static_cast<float>(NACRE_TRY(e.real(i)));
}
/// Input `i`, a zero point, of one element.
inline Result<int32_t> zero_of(const Evaluation& e, size_t i) {
  if (e.input(i).size() != 1)
    return fail(ErrorCode::invalid_argument, "zero point ", i, " is ", describe(e.input(i)), ", takes one element");
  return static_cast<int32_t>(NACRE_TRY(e.integer(i)));
}

/// The code nearest to `value` (in steps of the scale), halves to the even one; of NaN the least, as QuantizeLinear has it.
inline int32_t nearest_code(float value, int32_t zero, DType dtype) {
  const float least = dtype == DType::int8 ? -128 : 0, code = std::nearbyint(value) + static_cast<float>(zero);
  return static_cast<int32_t>(code > least ? std::min(code, least + 255) : least);
}

}  // namespace nacre
