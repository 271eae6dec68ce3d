// Shared by nacre.QLinearAdd and nacre.QLinearMul: two tensors of codes, broadcast, to one. Inputs come as value, scale, zero point; then
// y's scale and zero point, which gives the dtype.
#pragma once

#include "ops/elementwise.h"
#include "ops/nacre/codes.h"

namespace nacre {

inline Result<void> infer_combined_codes(Inference& inference) {
  const auto &a = inference.input(0).shape, &b = inference.input(3).shape;
  inference.set(0, inference.dtype(7), a && b ? std::optional(NACRE_TRY(broadcast(*a, *b))) : std::nullopt);
  return {};
}

/// `units(a_scale, b_scale, y_scale)` gives f(a, b), the result in steps of y_scale of two codes less their zero points.
template <class Units>
Result<void> combine_codes(Evaluation& e, Units units) {
  const auto f = units(NACRE_TRY(scale_of(e, 1)), NACRE_TRY(scale_of(e, 4)), NACRE_TRY(scale_of(e, 6)));
  const float a_zero = static_cast<float>(NACRE_TRY(zero_of(e, 2))), b_zero = static_cast<float>(NACRE_TRY(zero_of(e, 5)));
  const int32_t y_zero = NACRE_TRY(zero_of(e, 7));
  const Shape shape = NACRE_TRY(broadcast(e.shape(0), e.shape(3)));
  Tensor* y = NACRE_TRY(e.output(0, e.dtype(7), shape));
  std::vector<float> a, b, codes(static_cast<size_t>(y->size()));
  const float *x = elements_as<float>(e.input(0), a), *z = elements_as<float>(e.input(3), b);
  const Shape* shapes[] = {&e.shape(0), &e.shape(3)};
  zip_elements(x, z, codes.data(), BroadcastWalk(shape, shapes),
               [&](float p, float q) { return static_cast<float>(nearest_code(f(p - a_zero, q - b_zero), y_zero, y->dtype())); });
  store_from<float>(y->dtype(), y->mutable_raw(), 0, y->size(), codes.data());
  return {};
}

}  // namespace nacre
