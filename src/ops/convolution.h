// Convolutions for the reference operators: windows gathered into columns, then a matrix product.
#pragma once

#include "ops/contraction.h"
#include "ops/windows.h"

namespace nacre {

/// Sizes of one convolution; weights are [outputs, channels / groups, kernel...].
struct Convolution {
  WindowGrid grid;
  int64_t images, channels, outputs, groups;
  Shape shape;  // of the result
  int64_t plane() const { return grid.outputs; }
};

/// Inputs `x` and `w` are their positions. Fails where channels, groups and kernels do not fit.
Result<Convolution> plan_convolution(const Evaluation& e, size_t x, size_t w);
/// Output 0 as `dtype`.
Result<void> infer_convolution(Inference& inference, size_t x, size_t w, DType dtype);
double convolution_cost(const NodeView& node, size_t w);

/// y[images, outputs, windows] = w * x, summed in double; padding reads as 0.
template <class T>
Result<void> convolve(Evaluation& e, const Convolution& c, const T* x, const T* w, double* y);

/// Checks that input `i`, if there, has one element for each of `channels`.
Result<void> check_bias(const Evaluation& e, size_t i, int64_t channels);
/// Adds input `i` (of any dtype), if there, to every plane.
Result<void> add_bias(const Evaluation& e, size_t i, int64_t images, int64_t channels, int64_t plane, double* y);

}  // namespace nacre
