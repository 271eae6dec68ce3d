// Shared by HannWindow, HammingWindow and BlackmanWindow.
#pragma once

#include <cmath>

#include "ops/dtype_attribute.h"

namespace nacre {

inline constexpr double kPi = 3.14159265358979323846;

Result<void> infer_window(Inference& inference);

/// y[n] = f(n / N), N the size, or size - 1 when `periodic` is 0 (a window of one is f(0)).
template <class F>
Result<void> fill_window(Evaluation& e, F f) {
  const int64_t size = NACRE_TRY(e.integer(0));
  if (size < 0) return fail(ErrorCode::invalid_argument, "size is ", size);
  Tensor* y = NACRE_TRY(e.output(0, NACRE_TRY(dtype_attribute(e.attributes(), "output_datatype", DType::float32)), {size}));
  const bool periodic = e.attributes().integer("periodic", 1) != 0;
  const double length = static_cast<double>(periodic || size == 1 ? size : size - 1);
  for (int64_t n = 0; n < size; ++n) {
    const double value = f(static_cast<double>(n) / length);
    store_from<double>(y->dtype(), y->mutable_raw(), n, 1, &value);
  }
  return {};
}

}  // namespace nacre
