#include "ops/concatenation.h"

#include "ops/movement.h"

namespace nacre {

Result<void> unify_around(SymShape& out, const SymShape& shape, int64_t axis) {
  if (out.size() != shape.size()) return fail(ErrorCode::invalid_argument, "cannot join ", out, " and ", shape, ": ranks differ");
  for (size_t d = 0; d < out.size(); ++d)
    if (static_cast<int64_t>(d) != axis) out[d] = NACRE_TRY(unify(out[d], shape[d], cat("cannot join along axis ", axis)));
  return {};
}

Result<void> concatenate(Evaluation& e, std::span<const Tensor* const> parts, int64_t given) {
  Shape shape = parts[0]->shape();
  const int64_t axis = NACRE_TRY(checked_index(given, parts[0]->rank(), "axis"));
  shape[axis] = 0;
  for (const Tensor* part : parts) {
    if (part->dtype() != parts[0]->dtype())
      return fail(ErrorCode::invalid_argument, "cannot join ", describe(*part), " to ", parts[0]->dtype());
    Shape around = part->shape();
    if (part->rank() == parts[0]->rank()) around[axis] = shape[axis];
    if (around != shape)
      return fail(ErrorCode::invalid_argument, "cannot join ", describe(*parts[0]), " and ", describe(*part), " along axis ", axis);
    shape[axis] = NACRE_TRY(checked_add(shape[axis], part->shape()[axis]));
  }
  Tensor* y = NACRE_TRY(e.output(0, parts[0]->dtype(), shape));
  if (y->size() == 0) return {};
  const AxisView view(shape, axis);
  int64_t begin = 0;
  for (const Tensor* part : parts) {
    const int64_t run = part->shape()[axis] * view.inner;
    for (int64_t outer = 0; outer < view.outer; ++outer)
      copy_elements(*part, outer * run, *y, (outer * view.length + begin) * view.inner, run);
    begin += part->shape()[axis];
  }
  return {};
}

void copy_slices(const Tensor& x, int64_t axis, int64_t begin, Tensor& part) {
  if (part.size() == 0) return;
  const AxisView view(x.shape(), axis);
  const int64_t run = part.shape()[axis] * view.inner;
  for (int64_t outer = 0; outer < view.outer; ++outer) copy_elements(x, (outer * view.length + begin) * view.inner, part, outer * run, run);
}

}  // namespace nacre
