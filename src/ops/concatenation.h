// Shared by Concat, Split and their sequence forms: joining and cutting along one axis.
#pragma once

#include "ops/shape_values.h"

namespace nacre {

/// `out` and `shape` must agree in every dim but `axis`; what either knows is kept in `out`.
Result<void> unify_around(SymShape& out, const SymShape& shape, int64_t axis);

/// Output 0: `parts` (at least one, of one dtype and rank) joined along `axis`.
Result<void> concatenate(Evaluation& e, std::span<const Tensor* const> parts, int64_t axis);

/// Copies `part.shape[axis]` slices of `x`, from slice `begin` on, into `part`.
void copy_slices(const Tensor& x, int64_t axis, int64_t begin, Tensor& part);

}  // namespace nacre
