// Operators on bools and on bits.
#pragma once

#include "ops/elementwise.h"

namespace nacre {

/// z = F(a, b) over bools, broadcast.
template <auto F>
Result<void> logical(Evaluation& e) {
  if (e.dtype(0) != DType::boolean || e.dtype(1) != DType::boolean)
    return fail(ErrorCode::invalid_argument, "takes bool and bool, given ", e.dtype(0), " and ", e.dtype(1));
  Tensor* z = NACRE_TRY(e.output(0, NACRE_TRY(broadcast(e.shape(0), e.shape(1)))));
  const Shape* shapes[] = {&e.shape(0), &e.shape(1)};
  zip_elements(static_cast<const bool*>(e.input(0).raw()), static_cast<const bool*>(e.input(1).raw()), static_cast<bool*>(z->mutable_raw()),
               BroadcastWalk(z->shape(), shapes), F);
  return {};
}

/// z = F(a, b) over integers, computed in 64 bits and cut.
template <auto F>
Result<void> bitwise(Evaluation& e) {
  if (e.dtype(0) != e.dtype(1) || !is_integer(e.dtype(0)))
    return fail(ErrorCode::invalid_argument, "takes two integers of one type, given ", e.dtype(0), " and ", e.dtype(1));
  Tensor* z = NACRE_TRY(e.output(0, NACRE_TRY(broadcast(e.shape(0), e.shape(1)))));
  if (is_signed(e.dtype(0))) return zip_tensors<int64_t, int64_t>(e.input(0), e.input(1), *z, F);
  return zip_tensors<uint64_t, uint64_t>(e.input(0), e.input(1), *z, F);
}

}  // namespace nacre
