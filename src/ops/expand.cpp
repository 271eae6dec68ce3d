// Expand: broadcasts to a shape; dimensions broadcast both ways, so a 1 in the shape keeps the input's.
// https://onnx.ai/onnx/operators/onnx__Expand.html
#include "ops/movement.h"
#include "ops/shape_values.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  const SymShape* data = inference.shape(0);
  const std::optional<SymShape> shape = NACRE_TRY(spelt_shape(inference, 1));
  if (!data || !shape) return inference.set(0, inference.dtype(0)), Result<void>();
  SymShape out = NACRE_TRY(broadcast(*data, *shape));
  const std::optional<int64_t> count = product(out).constant();
  // Against an unknown length a known one wins, but the run may still refuse it: then nothing may be concluded.
  const bool tracked = constant_shape(*shape) && out.size() <= 1 && count && *count <= kMaxTrackedValues;
  inference.set(0, inference.dtype(0), std::move(out));
  const std::vector<SymDim>* values = inference.values(0);
  if (!tracked || !values) return {};
  if (values->size() == 1)
    inference.set_values(0, std::vector<SymDim>(static_cast<size_t>(*count), (*values)[0]));
  else
    keep_values(inference);
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const Shape& shape = e.shape(0);
  const Shape out = NACRE_TRY(broadcast(shape, NACRE_TRY(e.integers(1))));
  const std::vector<int64_t> own = row_major_strides(shape);
  std::vector<int64_t> steps(out.size(), 0);
  for (size_t d = 0; d < shape.size(); ++d)
    if (shape[d] != 1) steps[out.size() - shape.size() + d] = own[d];
  Tensor* y = NACRE_TRY(e.output(0, out));
  return copy_strided(e.input(0), 0, steps, *y);
}

}  // namespace

extern const Op op_expand;
const Op op_expand{.name = "Expand", .since = {8, 13}, .inputs = {2, 2}, .infer = infer, .evaluate = evaluate, .kind = OpKind::movement};

}  // namespace nacre
