// MatMul: y = a b by numpy's rules.
// https://onnx.ai/onnx/operators/onnx__MatMul.html
#include "ops/contraction.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  if (inference.dtype(0) != inference.dtype(1) && inference.dtype(1) != DType::undefined)
    return fail(ErrorCode::invalid_model, "multiplies ", inference.dtype(0), " by ", inference.dtype(1));
  return infer_matmul(inference, 0, 1, inference.dtype(0));
}

Result<void> evaluate(Evaluation& e) {
  Tensor* y = NACRE_TRY(e.output(0, *constant_shape(NACRE_TRY(matmul_shape(symbolic(e.shape(0)), symbolic(e.shape(1)))))));
  return visit_contraction(e.dtype(0), [&]<class T, class Sum>() -> Result<void> {
    Tensor wide = NACRE_TRY(e.scratch(dtype_of<Sum>, y->shape()));
    Sum* sums = static_cast<Sum*>(wide.mutable_raw());
    std::vector<T> a, b;
    NACRE_TRY(multiply(e, elements_as<T>(e.input(0), a), e.shape(0), elements_as<T>(e.input(1), b), e.shape(1), sums));
    store_from<Sum>(y->dtype(), y->mutable_raw(), 0, y->size(), sums);
    return {};
  });
}

}  // namespace

extern const Op op_mat_mul;
const Op op_mat_mul{.name = "MatMul",
                    .since = {1, 9, 13},
                    .types = float_types | TypeSet{DType::int32, DType::int64, DType::uint32, DType::uint64},
                    .inputs = {2, 2},
                    .infer = infer,
                    .evaluate = evaluate,
                    .kind = OpKind::contraction,
                    .cost = [](const NodeView& node) { return matmul_cost(node, 1); }};

}  // namespace nacre
