// ScatterElements: a copy of data with y[indices[i][j]][j] op= updates[i][j] (for axis 0).
// https://onnx.ai/onnx/operators/onnx__ScatterElements.html
#include "ops/indexing.h"
#include "ops/movement.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  if (const SymShape* data = inference.shape(0))
    (void)NACRE_TRY(inference.axis(inference.attributes().integer("axis", 0), static_cast<int64_t>(data->size())));
  return same_as_input(inference);
}

Result<void> evaluate(Evaluation& e) {
  const Tensor &data = e.input(0), &updates = e.input(2);
  const Shape& shape = e.shape(1);
  const int64_t axis = NACRE_TRY(checked_index(e.attributes().integer("axis", 0), data.rank(), "axis"));
  bool inside = shape.size() == data.shape().size() && updates.shape() == shape && updates.dtype() == data.dtype();
  for (size_t d = 0; inside && d < shape.size(); ++d) inside = static_cast<int64_t>(d) == axis || shape[d] <= data.shape()[d];
  if (!inside)
    return fail(ErrorCode::invalid_argument, "indices ", shape, " and updates ", describe(updates), " do not fit data ", describe(data));
  std::vector<int64_t> positions = NACRE_TRY(checked_indices(e, 1, data.shape()[axis]));
  const std::vector<int64_t> strides = row_major_strides(data.shape());
  walk_positions(shape, strides, axis,
                 [&](int64_t number, int64_t offset) { positions[number] = offset + positions[number] * strides[axis]; });
  Tensor* y = NACRE_TRY(e.output(0, data.shape()));
  copy_elements(data, 0, *y, 0, data.size());
  return apply_updates(e.attributes().string("reduction", "none"), *y, updates, positions, 1);
}

}  // namespace

extern const Op op_scatter_elements;
const Op op_scatter_elements{
    .name = "ScatterElements", .since = {11, 13, 16, 18}, .inputs = {3, 3}, .infer = infer, .evaluate = evaluate, .kind = OpKind::movement};

}  // namespace nacre
