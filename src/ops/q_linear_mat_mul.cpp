// QLinearMatMul: y = quantize(dequantize(a) dequantize(b)); parameters for each row of a and y, for each column of b.
// https://onnx.ai/onnx/operators/onnx__QLinearMatMul.html
#include "ops/contraction.h"
#include "ops/quantized.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) { return infer_matmul(inference, 0, 3, inference.dtype(7)); }

// a_scale * b_scale / y_scale for every element of y, in float as quantized runtimes have it.
Result<QuantParameter> scales(const Evaluation& e, const Shape& y) {
  const int64_t rank = static_cast<int64_t>(y.size());
  QuantParameter a = NACRE_TRY(quant_parameter(e, 1, y, rank - 2, 1)), b = NACRE_TRY(quant_parameter(e, 4, y, rank - 1, 1));
  const QuantParameter out = NACRE_TRY(quant_parameter(e, 6, y, rank - 2, 1));
  if (a.values.empty() || b.values.empty() || out.values.empty()) return QuantParameter{};  // y has no elements
  const size_t count = std::max(std::max(a.values.size(), b.values.size()), out.values.size());
  QuantParameter all;
  for (size_t i = 0; i < count; ++i) all.values.push_back(a.at(i) * b.at(i) / out.at(i));
  return all;
}

Result<void> evaluate(Evaluation& e) {
  const Shape shape = *constant_shape(NACRE_TRY(matmul_shape(symbolic(e.shape(0)), symbolic(e.shape(3)))));
  const std::vector<float> a = NACRE_TRY(centred(e, 0, 2, e.input(0).rank() - 2)), b = NACRE_TRY(centred(e, 3, 5, e.input(3).rank() - 1));
  const QuantParameter scale = NACRE_TRY(scales(e, shape)),
                       zero = NACRE_TRY(quant_parameter(e, 7, shape, static_cast<int64_t>(shape.size()) - 2, 0));
  Tensor* y = NACRE_TRY(e.output(0, e.dtype(7), shape));
  Tensor wide = NACRE_TRY(e.scratch(DType::float64, shape));
  NACRE_TRY(multiply(e, a.data(), e.shape(0), b.data(), e.shape(3), static_cast<double*>(wide.mutable_raw())));
  requantize(wide.mutable_data<double>(), scale, zero, *y);
  return {};
}

}  // namespace

extern const Op op_q_linear_mat_mul;
const Op op_q_linear_mat_mul{
    .name = "QLinearMatMul",
    .since = {10, 21},
    .types = {DType::int8, DType::uint8, DType::float8e4m3fn, DType::float8e4m3fnuz, DType::float8e5m2, DType::float8e5m2fnuz},
    .inputs = {8, 8},
    .infer = infer,
    .evaluate = evaluate,
    .kind = OpKind::contraction,
    .cost = [](const NodeView& node) { return matmul_cost(node, 3); }};

}  // namespace nacre
