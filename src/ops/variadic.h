// Operators over any number of broadcast inputs: Min, Max, Sum, Mean.
#pragma once

#include "ops/elementwise.h"

namespace nacre {

struct Unchanged {
  template <class T>
  T operator()(T x) const {
    return x;
  }
};

/// Folds the inputs from the left with f in compute type T, then applies `finish`.
template <class T, class F, class Finish>
Result<void> variadic_as(Evaluation& e, Tensor& out, F f, Finish finish) {
  if (std::is_same_v<Finish, Unchanged> && e.input_count() == 2) return zip_tensors<T, T>(e.input(0), e.input(1), out, f);
  Tensor wide = out.dtype() == dtype_of<T> ? Tensor() : NACRE_TRY(e.scratch(dtype_of<T>, out.shape()));
  T* total = static_cast<T*>(out.dtype() == dtype_of<T> ? out.mutable_raw() : wide.mutable_raw());
  for (size_t i = 0; i < e.input_count(); ++i) {
    std::vector<T> converted;
    const T* next = elements_as<T>(e.input(i), converted);
    const Shape* shapes[] = {&out.shape(), &e.shape(i)};
    const BroadcastWalk walk(out.shape(), shapes);
    if (i == 0)
      zip_elements(total, next, total, walk, [](T, T first) { return first; });
    else
      zip_elements(total, next, total, walk, f);
  }
  for (int64_t i = 0, size = out.size(); i < size; ++i) total[i] = finish(total[i]);
  if (out.dtype() != dtype_of<T>) store_from<T>(out.dtype(), out.mutable_raw(), 0, out.size(), total);
  return {};
}

/// Compute: the type to fold in; void: the one that arithmetic on the inputs' dtype is done in.
template <class Compute = void, class F, class Finish = Unchanged>
Result<void> variadic(Evaluation& e, F f, Finish finish = {}) {
  Shape shape;
  for (size_t i = 0; i < e.input_count(); ++i) {
    if (!e.has(i) || e.dtype(i) != e.dtype(0))
      return fail(ErrorCode::invalid_argument, "input ", i, " is absent or not of type ", e.dtype(0));
    shape = NACRE_TRY(broadcast(shape, e.shape(i)));
  }
  Tensor* out = NACRE_TRY(e.output(0, shape));
  if constexpr (!std::is_void_v<Compute>)
    return variadic_as<Compute>(e, *out, f, finish);
  else
    return visit_compute(e.dtype(0), [&]<class T>() -> Result<void> { return variadic_as<T>(e, *out, f, finish); });
}

}  // namespace nacre
