// Transpose: permutes the axes; without `perm`, reverses them.
// https://onnx.ai/onnx/operators/onnx__Transpose.html
#include "ops/movement.h"
#include "ops/op.h"

namespace nacre {
namespace {

Result<std::vector<int64_t>> permutation(const Attributes& attributes, int64_t rank) {
  std::vector<int64_t> perm = attributes.integers("perm");
  if (!attributes.has("perm"))
    for (int64_t i = rank; i-- > 0;) perm.push_back(i);
  std::vector<bool> seen(static_cast<size_t>(rank));
  for (int64_t axis : perm) {
    if (axis < 0 || axis >= rank || seen[axis]) return fail(ErrorCode::invalid_model, "perm ", perm, " does not permute ", rank, " axes");
    seen[axis] = true;
  }
  if (static_cast<int64_t>(perm.size()) != rank) return fail(ErrorCode::invalid_model, "perm ", perm, " for an input of rank ", rank);
  return perm;
}

Result<void> infer(Inference& inference) {
  const SymShape* shape = inference.shape(0);
  if (!shape) return inference.set(0, inference.dtype(0)), Result<void>();
  SymShape out;
  for (int64_t axis : NACRE_TRY(permutation(inference.attributes(), static_cast<int64_t>(shape->size())))) out.push_back((*shape)[axis]);
  inference.set(0, inference.dtype(0), std::move(out));
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const Shape& shape = e.shape(0);
  const std::vector<int64_t> perm = NACRE_TRY(permutation(e.attributes(), e.input(0).rank())), strides = row_major_strides(shape);
  Shape out;
  std::vector<int64_t> steps;
  for (int64_t axis : perm) out.push_back(shape[axis]), steps.push_back(strides[axis]);
  Tensor* y = NACRE_TRY(e.output(0, out));
  return copy_strided(e.input(0), 0, steps, *y);
}

}  // namespace

extern const Op op_transpose;
const Op op_transpose{
    .name = "Transpose", .since = {1, 13, 21, 23, 24, 25}, .infer = infer, .evaluate = evaluate, .kind = OpKind::movement};

}  // namespace nacre
