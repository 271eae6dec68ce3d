// Shared by Softmax, LogSoftmax and Hardmax.
#pragma once

#include "ops/elementwise.h"

namespace nacre {

/// As the input, after checking `axis` (default -1).
Result<void> infer_along_axis(Inference& inference);

/// Opsets below 13 flatten to two dimensions at `axis` (default 1) and normalise the second one.
Result<void> upgrade_coerced(Upgrade& upgrade);

/// The largest of `count` elements, `stride` apart; NaN if one is.
template <class T>
T largest(const T* x, int64_t count, int64_t stride) {
  T top = x[0];
  for (int64_t i = 1; i < count; ++i) top = x[i * stride] > top || x[i * stride] != x[i * stride] ? x[i * stride] : top;
  return top;
}

template <class T, class F>
Result<void> along_axis_as(Evaluation& e, Tensor& y, int64_t axis, F f) {
  const Shape& shape = e.shape(0);
  int64_t inner = 1;
  for (size_t d = axis + 1; d < shape.size(); ++d) inner *= shape[d];
  const int64_t count = shape.empty() ? 1 : shape[axis], group = count * inner;
  std::vector<T> converted;
  const T* in = elements_as<T>(e.input(0), converted);
  const bool direct = y.dtype() == dtype_of<T>;
  T* out = direct ? static_cast<T*>(y.mutable_raw()) : converted.data();
  for (int64_t begin = 0; begin < y.size(); begin += group) {
    NACRE_TRY(e.checkpoint());
    for (int64_t i = begin; i < begin + inner; ++i) f(in + i, out + i, count, inner);
  }
  if (!direct) store_from<T>(y.dtype(), y.mutable_raw(), 0, y.size(), out);
  return {};
}

/// Calls f(x, y, count, stride) for every line along `axis`, in float or double; x and y may be the same memory.
template <class F>
Result<void> along_axis(Evaluation& e, F f) {
  const int64_t rank = e.input(0).rank();
  const int64_t axis = NACRE_TRY(checked_index(e.attributes().integer("axis", -1), rank ? rank : 1, "axis"));
  Tensor* y = NACRE_TRY(e.output(0, e.shape(0)));
  if (e.dtype(0) == DType::float64) return along_axis_as<double>(e, *y, axis, f);
  return along_axis_as<float>(e, *y, axis, f);
}

}  // namespace nacre
