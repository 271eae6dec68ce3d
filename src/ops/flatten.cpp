// Flatten: a matrix of the dimensions before `axis` and from it on.
// https://onnx.ai/onnx/operators/onnx__Flatten.html
#include "ops/shape_values.h"

namespace nacre {
namespace {

// One past the last axis is allowed: everything in the first dimension.
Result<int64_t> split_point(const Attributes& attributes, int64_t rank) {
  const int64_t axis = attributes.integer("axis", 1);
  if (axis < -rank || axis > rank) return fail(ErrorCode::invalid_model, "axis ", axis, " is outside [", -rank, ", ", rank, "]");
  return axis < 0 ? axis + rank : axis;
}

Result<void> infer(Inference& inference) {
  const SymShape* shape = inference.shape(0);
  if (!shape) return inference.set(0, inference.dtype(0), inference.fresh_shape(2)), Result<void>();
  const auto at = static_cast<size_t>(NACRE_TRY(split_point(inference.attributes(), static_cast<int64_t>(shape->size()))));
  inference.set(0, inference.dtype(0), SymShape{product(*shape, 0, at), product(*shape, at)});
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const Shape& shape = e.shape(0);
  const int64_t at = NACRE_TRY(split_point(e.attributes(), e.input(0).rank()));
  Shape out{1, 1};
  for (size_t d = 0; d < shape.size(); ++d) out[static_cast<int64_t>(d) >= at] *= shape[d];
  return give_reshaped(e, std::move(out));
}

}  // namespace

extern const Op op_flatten;
const Op op_flatten{
    .name = "Flatten", .since = {1, 9, 11, 13, 21, 23, 24, 25}, .infer = infer, .evaluate = evaluate, .kind = OpKind::shape};

}  // namespace nacre
