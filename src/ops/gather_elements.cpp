// GatherElements: y[i][j][k] = data[indices[i][j][k]][j][k] (for axis 0).
// https://onnx.ai/onnx/operators/onnx__GatherElements.html
#include "ops/indexing.h"
#include "ops/movement.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  const SymShape *data = inference.shape(0), *indices = inference.shape(1);
  if (data) (void)NACRE_TRY(inference.axis(inference.attributes().integer("axis", 0), static_cast<int64_t>(data->size())));
  if (data && indices && data->size() != indices->size())
    return fail(ErrorCode::invalid_model, "data ", *data, " and indices ", *indices, " differ in rank");
  inference.set(0, inference.dtype(0), indices ? std::optional(*indices) : std::nullopt);
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const Tensor& data = e.input(0);
  const Shape& shape = e.shape(1);
  const int64_t axis = NACRE_TRY(checked_index(e.attributes().integer("axis", 0), data.rank(), "axis"));
  bool inside = shape.size() == data.shape().size();
  for (size_t d = 0; inside && d < shape.size(); ++d) inside = static_cast<int64_t>(d) == axis || shape[d] <= data.shape()[d];
  if (!inside) return fail(ErrorCode::invalid_argument, "indices ", shape, " reach outside data ", data.shape());
  std::vector<int64_t> places = NACRE_TRY(checked_indices(e, 1, data.shape()[axis]));
  const std::vector<int64_t> strides = row_major_strides(data.shape());
  Tensor* y = NACRE_TRY(e.output(0, shape));
  walk_positions(shape, strides, axis, [&](int64_t number, int64_t offset) { places[number] = offset + places[number] * strides[axis]; });
  gather_elements(data, 0, places, *y, 0);
  return {};
}

}  // namespace

extern const Op op_gather_elements;
const Op op_gather_elements{
    .name = "GatherElements", .since = {11, 13}, .inputs = {2, 2}, .infer = infer, .evaluate = evaluate, .kind = OpKind::movement};

}  // namespace nacre
