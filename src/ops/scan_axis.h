// Shared by CumSum and CumProd.
#pragma once

#include <algorithm>

#include "ops/op.h"

namespace nacre {

inline constexpr int64_t kScanned = 1024;  // columns at a time

/// y along the axis in input 1: the running f of x, from `start`. Narrow floats accumulate in float, float32 too: the
/// specification's sums are of the element type.
template <class T, class F>
Result<void> scan_axis_as(Evaluation& e, Tensor& y, int64_t axis, T start, F f) {
  const Shape& shape = e.shape(0);
  int64_t inner = 1;
  for (size_t d = axis + 1; d < shape.size(); ++d) inner *= shape[d];
  const int64_t length = shape.empty() ? 1 : shape[axis];
  const bool exclusive = e.attributes().integer("exclusive", 0) != 0, reverse = e.attributes().integer("reverse", 0) != 0;
  std::vector<T> converted;
  const T* x = elements_as<T>(e.input(0), converted);
  const bool direct = y.dtype() == dtype_of<T>;
  T* out = direct ? static_cast<T*>(y.mutable_raw()) : converted.data();
  // Columns go down the axis together: memory is read in its order.
  std::vector<T> totals(static_cast<size_t>(y.size() > 0 ? std::min(inner, kScanned) : 0));
  for (int64_t begin = 0, size = y.size(); begin < size; begin += length * inner)
    for (int64_t first = 0; first < inner; first += kScanned) {
      const int64_t count = std::min(inner - first, kScanned);
      std::fill(totals.begin(), totals.end(), start);
      for (int64_t i = 0; i < length; ++i) {
        const int64_t at = begin + first + (reverse ? length - 1 - i : i) * inner;
        for (int64_t k = 0; k < count; ++k) {
          const T total = totals[static_cast<size_t>(k)], next = f(total, x[at + k]);
          out[at + k] = exclusive ? total : next;
          totals[static_cast<size_t>(k)] = next;
        }
      }
    }
  if (!direct) store_from<T>(y.dtype(), y.mutable_raw(), 0, y.size(), out);
  return {};
}

template <class F>
Result<void> scan_axis(Evaluation& e, int start, F f) {
  const int64_t rank = e.input(0).rank();
  const int64_t axis = NACRE_TRY(checked_index(NACRE_TRY(e.integer(1)), rank ? rank : 1, "axis"));
  Tensor* y = NACRE_TRY(e.output(0, e.shape(0)));
  return visit_compute(e.dtype(0), [&]<class T>() -> Result<void> { return scan_axis_as<T>(e, *y, axis, static_cast<T>(start), f); });
}

}  // namespace nacre
