// GatherND: each innermost tuple of `indices` names an element or a slice of data, after `batch_dims` common dims.
// https://onnx.ai/onnx/operators/onnx__GatherND.html
#include "ops/indexing.h"
#include "ops/movement.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  const SymShape *data = inference.shape(0), *indices = inference.shape(1);
  const int64_t batches = inference.attributes().integer("batch_dims", 0);
  if (!data || !indices || indices->empty() || !indices->back().is_constant()) return inference.set(0, inference.dtype(0)), Result<void>();
  const int64_t used = batches + *indices->back().constant();
  if (batches < 0 || used > static_cast<int64_t>(data->size()) || batches >= static_cast<int64_t>(indices->size()))
    return fail(ErrorCode::invalid_model, "indices ", *indices, " do not fit data ", *data, " with ", batches, " batch dims");
  SymShape out(indices->begin(), indices->end() - 1);
  out.insert(out.end(), data->begin() + used, data->end());
  inference.set(0, inference.dtype(0), std::move(out));
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const int64_t batches = e.attributes().integer("batch_dims", 0);
  const Tuples tuples = NACRE_TRY(checked_tuples(e, batches));
  const Shape &data = e.shape(0), &by = e.shape(1);
  Shape shape(by.begin(), by.end() - 1);
  shape.insert(shape.end(), data.begin() + batches + by.back(), data.end());
  Tensor* y = NACRE_TRY(e.output(0, shape));
  for (size_t i = 0; i < tuples.offsets.size(); ++i)
    copy_elements(e.input(0), tuples.offsets[i], *y, static_cast<int64_t>(i) * tuples.run, tuples.run);
  return {};
}

}  // namespace

extern const Op op_gather_nd;
const Op op_gather_nd{
    .name = "GatherND", .since = {11, 12, 13}, .inputs = {2, 2}, .infer = infer, .evaluate = evaluate, .kind = OpKind::movement};

}  // namespace nacre
