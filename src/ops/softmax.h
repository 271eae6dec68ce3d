// Shared by Softmax, LogSoftmax and Hardmax.
#pragma once

#include <algorithm>
#include <limits>

#include "ops/elementwise.h"

namespace nacre {

/// As the input, after checking `axis` (default -1).
Result<void> infer_along_axis(Inference& inference);

/// Opsets below 13 flatten to two dimensions at `axis` (default 1) and normalise the second one.
Result<void> upgrade_coerced(Upgrade& upgrade);

/// The largest of `count` elements, `stride` apart; NaN if one is.
template <class T>
T largest(const T* x, int64_t count, int64_t stride) {
  constexpr int64_t kTops = 16;  // independent ones become vector code
  T tops[kTops];
  std::fill_n(tops, kTops, x[0]);
  bool is_nan = x[0] != x[0];
  int64_t i = 0;
  for (; stride == 1 && i + kTops <= count; i += kTops)
    for (int64_t k = 0; k < kTops; ++k) {
      tops[k] = x[i + k] > tops[k] ? x[i + k] : tops[k];
      is_nan |= x[i + k] != x[i + k];
    }
  for (; i < count; ++i) {
    tops[0] = x[i * stride] > tops[0] ? x[i * stride] : tops[0];
    is_nan |= x[i * stride] != x[i * stride];
  }
  return is_nan ? std::numeric_limits<T>::quiet_NaN() : *std::max_element(tops, tops + kTops);
}

/// Calls f(line, line, count, 1) for `lines` neighbouring lines of elements `inner` apart, by way of `space`: lines that lie side by
/// side are read from memory together.
template <class T, class F>
void along_columns(const T* in, T* out, int64_t count, int64_t inner, int64_t lines, T* space, F f) {
  for (int64_t i = 0; i < count; ++i)
    for (int64_t k = 0; k < lines; ++k) space[k * count + i] = in[i * inner + k];
  for (int64_t k = 0; k < lines; ++k) f(space + k * count, space + k * count, count, int64_t{1});
  for (int64_t i = 0; i < count; ++i)
    for (int64_t k = 0; k < lines; ++k) out[i * inner + k] = space[k * count + i];
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
  constexpr int64_t kLines = 16;
  Tensor space = NACRE_TRY(e.scratch(dtype_of<T>, {inner > 1 && y.size() > 0 ? NACRE_TRY(checked_mul(count, kLines)) : 0}));
  for (int64_t begin = 0, size = y.size(); begin < size; begin += group) {
    NACRE_TRY(e.checkpoint());
    if (inner == 1) f(in + begin, out + begin, count, inner);
    for (int64_t i = 0; inner > 1 && i < inner; i += kLines)
      along_columns(in + begin + i, out + begin + i, count, inner, std::min(kLines, inner - i), static_cast<T*>(space.mutable_raw()), f);
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
