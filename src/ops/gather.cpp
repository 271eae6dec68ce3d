// Gather: y[..., i, ...] = data[..., indices[i], ...] along one axis; negative indices count from the end.
// https://onnx.ai/onnx/operators/onnx__Gather.html
#include "ops/indexing.h"
#include "ops/movement.h"
#include "ops/shape_values.h"

namespace nacre {
namespace {

Result<void> track_values(Inference& inference) {
  const std::vector<SymDim>* values = inference.values(0);
  const std::optional<std::vector<int64_t>> indices = inference.integers(1);
  if (!values || !indices || rank_of(inference, 1).value_or(2) > 1) return {};
  std::vector<SymDim> out;
  for (int64_t at : *indices) out.push_back((*values)[NACRE_TRY(checked_index(at, static_cast<int64_t>(values->size()), "index"))]);
  inference.set_values(0, std::move(out));
  return {};
}

Result<void> infer(Inference& inference) {
  const SymShape *data = inference.shape(0), *indices = inference.shape(1);
  if (!data || !indices) return inference.set(0, inference.dtype(0)), Result<void>();
  const int64_t axis = NACRE_TRY(inference.axis(inference.attributes().integer("axis", 0), static_cast<int64_t>(data->size())));
  SymShape out(data->begin(), data->begin() + axis);
  out.insert(out.end(), indices->begin(), indices->end());
  out.insert(out.end(), data->begin() + axis + 1, data->end());
  const bool tracked = data->size() == 1;
  inference.set(0, inference.dtype(0), std::move(out));
  return tracked ? track_values(inference) : Result<void>();
}

Result<void> evaluate(Evaluation& e) {
  const Tensor& data = e.input(0);
  const int64_t axis = NACRE_TRY(checked_index(e.attributes().integer("axis", 0), data.rank(), "axis"));
  const std::vector<int64_t> indices = NACRE_TRY(checked_indices(e, 1, data.shape()[axis]));
  const Shape& by = e.shape(1);
  Shape shape(data.shape().begin(), data.shape().begin() + axis);
  shape.insert(shape.end(), by.begin(), by.end());
  shape.insert(shape.end(), data.shape().begin() + axis + 1, data.shape().end());
  Tensor* y = NACRE_TRY(e.output(0, shape));
  if (y->size() == 0) return {};
  const AxisView view(data.shape(), axis);
  int64_t to = 0;
  for (int64_t outer = 0; outer < view.outer; ++outer)
    for (int64_t at : indices) {
      copy_elements(data, (outer * view.length + at) * view.inner, *y, to, view.inner);
      to += view.inner;
    }
  return {};
}

}  // namespace

extern const Op op_gather;
const Op op_gather{
    .name = "Gather", .since = {1, 11, 13}, .inputs = {2, 2}, .infer = infer, .evaluate = evaluate, .kind = OpKind::movement};

}  // namespace nacre
