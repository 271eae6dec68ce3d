// Scales and zero points of 8-bit codes, as kernels read them from a node's inputs.
#pragma once

#include "backends/native/kernel.h"
#include "backends/native/kernels/codes.h"
#include "core/convert.h"

namespace nacre::native {

inline bool is_codes(const Fact& fact) { return fact.dtype == DType::uint8 || fact.dtype == DType::int8; }

inline int64_t first_integer(const Tensor& x) {
  int64_t out = 0;
  load_as<int64_t>(x.dtype(), x.raw(), 0, 1, &out);
  return out;
}

/// Inputs `scale` and `scale + 1` are constants of one element, the second of them codes.
inline bool has_code_scale(const NodeView& n, size_t scale) {
  const Tensor *step = n.constant(scale), *zero = n.constant(scale + 1);
  return step && zero && step->size() == 1 && zero->size() == 1 && step->dtype() == DType::float32 && is_codes(n.fact(scale + 1));
}
/// For codes of `dtype`, whatever their zero point is written in.
inline CodeScale code_scale(const NodeView& n, size_t scale, DType dtype) {
  const Tensor& zero = *n.constant(scale + 1);
  CodeScale out{.is_signed = dtype == DType::int8};
  load_as<float>(DType::float32, n.constant(scale)->raw(), 0, 1, &out.scale);
  out.zero = int32_t(first_integer(zero));
  return out;
}

}  // namespace nacre::native
