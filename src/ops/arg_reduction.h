// Shared by ArgMax and ArgMin.
#pragma once

#include "ops/op.h"

namespace nacre {

Result<void> infer_arg(Inference& inference);

/// The elements as [outer, length, inner] around `axis`, and the output's shape.
struct ArgAxis {
  int64_t outer = 1, length = 1, inner = 1;
  Shape output;
  static Result<ArgAxis> of(const Evaluation& e);
};

/// Position of the element that is `better` than all before it (or, with `last`, not worse); NaN is better than numbers.
template <class T, class Better>
int64_t best_position(const T* x, const ArgAxis& axis, bool last, Better better) {
  int64_t best = 0;
  for (int64_t i = 1; i < axis.length; ++i) {
    const T value = x[i * axis.inner], leader = x[best * axis.inner];
    const bool value_nan = value != value, leader_nan = leader != leader;
    if (leader_nan ? value_nan && last : value_nan || better(value, leader) || (last && value == leader)) best = i;
  }
  return best;
}

template <class Better>
Result<void> arg_along_axis(Evaluation& e, Better better) {
  const ArgAxis axis = NACRE_TRY(ArgAxis::of(e));
  const bool last = e.attributes().integer("select_last_index", 0) != 0;
  Tensor* y = NACRE_TRY(e.output(0, DType::int64, axis.output));
  int64_t* out = static_cast<int64_t*>(y->mutable_raw());
  return visit_compute(e.dtype(0), [&]<class T>() -> Result<void> {
    std::vector<T> converted;
    const T* x = elements_as<T>(e.input(0), converted);
    for (int64_t row = 0; row < axis.outer; ++row)
      for (int64_t column = 0; column < axis.inner; ++column)
        *out++ = best_position(x + row * axis.length * axis.inner + column, axis, last, better);
    return {};
  });
}

}  // namespace nacre
