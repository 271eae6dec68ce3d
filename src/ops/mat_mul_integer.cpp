// MatMulInteger: y = (a - a_zero) (b - b_zero) in int32; zero points for each row of a and column of b.
// https://onnx.ai/onnx/operators/onnx__MatMulInteger.html
#include "ops/contraction.h"
#include "ops/quantized.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) { return infer_matmul(inference, 0, 1, DType::int32); }

Result<void> evaluate(Evaluation& e) {
  const Shape shape = *constant_shape(NACRE_TRY(matmul_shape(symbolic(e.shape(0)), symbolic(e.shape(1)))));
  const std::vector<float> a = NACRE_TRY(centred(e, 0, 2, e.input(0).rank() - 2)), b = NACRE_TRY(centred(e, 1, 3, e.input(1).rank() - 1));
  Tensor* y = NACRE_TRY(e.output(0, DType::int32, shape));
  Tensor wide = NACRE_TRY(e.scratch(DType::float64, shape));
  NACRE_TRY(multiply(e, a.data(), e.shape(0), b.data(), e.shape(1), static_cast<double*>(wide.mutable_raw())));
  store_int32(wide.data<double>(), *y);
  return {};
}

}  // namespace

extern const Op op_mat_mul_integer;
const Op op_mat_mul_integer{.name = "MatMulInteger",
                            .since = {10},
                            .types = {DType::int8, DType::uint8},
                            .inputs = {2, 4},
                            .infer = infer,
                            .evaluate = evaluate,
                            .kind = OpKind::contraction,
                            .cost = [](const NodeView& node) { return matmul_cost(node, 1); }};

}  // namespace nacre
