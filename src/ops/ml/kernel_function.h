// The kernels of support vector machines.
#pragma once

#include <span>

#include "ops/ml/classes.h"

namespace nacre {

struct KernelFunction {
  enum Kind : uint8_t { linear, poly, rbf, sigmoid } kind = linear;
  double gamma = 0, offset = 0, degree = 0;

  double operator()(std::span<const double> x, const float* vector) const;
};
Result<KernelFunction> read_kernel_function(const Attributes& attributes);

}  // namespace nacre
