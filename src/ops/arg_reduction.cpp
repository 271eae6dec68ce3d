#include "ops/arg_reduction.h"

namespace nacre {

Result<void> infer_arg(Inference& inference) {
  const SymShape* shape = inference.shape(0);
  if (!shape) return inference.set(0, DType::int64), Result<void>();
  SymShape out = *shape;
  const bool keepdims = inference.attributes().integer("keepdims", 1) != 0;
  const int64_t axis = NACRE_TRY(inference.axis(inference.attributes().integer("axis", 0), static_cast<int64_t>(out.size())));
  if (keepdims)
    out[axis] = 1;
  else
    out.erase(out.begin() + axis);
  inference.set(0, DType::int64, std::move(out));
  return {};
}

Result<ArgAxis> ArgAxis::of(const Evaluation& e) {
  ArgAxis out;
  const Shape& shape = e.shape(0);
  const int64_t axis = NACRE_TRY(checked_index(e.attributes().integer("axis", 0), e.input(0).rank(), "axis"));
  for (int64_t d = 0; d < axis; ++d) out.outer *= shape[d];
  for (size_t d = axis + 1; d < shape.size(); ++d) out.inner *= shape[d];
  out.length = shape[axis];
  if (out.length == 0 && out.outer * out.inner > 0)
    return fail(ErrorCode::invalid_argument, "axis ", axis, " of ", describe(e.input(0)), " is empty");
  out.output = shape;
  if (e.attributes().integer("keepdims", 1) != 0)
    out.output[axis] = 1;
  else
    out.output.erase(out.output.begin() + axis);
  return out;
}

}  // namespace nacre
