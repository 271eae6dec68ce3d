// Compress: the slices along an axis (elements of the flattened input without one) where the condition is true.
// https://onnx.ai/onnx/operators/onnx__Compress.html
#include "ops/movement.h"
#include "ops/shape_values.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  const SymShape* shape = inference.shape(0);
  if (!inference.attributes().has("axis")) return inference.set(0, inference.dtype(0), SymShape{inference.fresh()}), Result<void>();
  if (!shape) return inference.set(0, inference.dtype(0)), Result<void>();
  SymShape out = *shape;
  out[NACRE_TRY(inference.axis(inference.attributes().integer("axis", 0), static_cast<int64_t>(out.size())))] = inference.fresh();
  inference.set(0, inference.dtype(0), std::move(out));
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const Tensor& x = e.input(0);
  if (e.dtype(1) != DType::boolean || e.input(1).rank() != 1)
    return fail(ErrorCode::invalid_argument, "condition is ", describe(e.input(1)), ", not bool[n]");
  Shape shape = e.attributes().has("axis") ? x.shape() : Shape{x.size()};
  const int64_t axis = NACRE_TRY(checked_index(e.attributes().integer("axis", 0), static_cast<int64_t>(shape.size()), "axis"));
  const AxisView view(shape, axis);
  std::vector<int64_t> chosen;
  const std::span<const bool> condition = e.input(1).data<bool>();
  for (size_t i = 0; i < condition.size(); ++i)
    if (condition[i]) chosen.push_back(static_cast<int64_t>(i));
  if (!chosen.empty() && chosen.back() >= view.length)
    return fail(ErrorCode::invalid_argument, "condition ", chosen.back(), " chooses outside an axis of ", view.length);
  shape[axis] = static_cast<int64_t>(chosen.size());
  Tensor* y = NACRE_TRY(e.output(0, shape));
  if (y->size() == 0) return {};
  int64_t to = 0;
  for (int64_t outer = 0; outer < view.outer; ++outer)
    for (int64_t at : chosen) copy_elements(x, (outer * view.length + at) * view.inner, *y, std::exchange(to, to + view.inner), view.inner);
  return {};
}

}  // namespace

extern const Op op_compress;
const Op op_compress{
    .name = "Compress", .since = {9, 11}, .inputs = {2, 2}, .infer = infer, .evaluate = evaluate, .kind = OpKind::movement};

}  // namespace nacre
