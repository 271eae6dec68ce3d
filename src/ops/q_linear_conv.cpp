// QLinearConv: y = quantize(Conv(dequantize(x), dequantize(w)) + dequantize(bias)); the bias has scale x_scale * w_scale.
// https://onnx.ai/onnx/operators/onnx__QLinearConv.html
#include "ops/convolution.h"
#include "ops/quantized.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) { return infer_convolution(inference, 0, 3, inference.dtype(7)); }

Result<void> evaluate(Evaluation& e) {
  const Convolution c = NACRE_TRY(plan_convolution(e, 0, 3));
  const std::vector<float> x = NACRE_TRY(centred(e, 0, 2, -1)), w = NACRE_TRY(centred(e, 3, 5, 0));
  const float x_scale = NACRE_TRY(quant_parameter(e, 1, {}, -1, 1)).at(0), y_scale = NACRE_TRY(quant_parameter(e, 6, {}, -1, 1)).at(0);
  QuantParameter scale = NACRE_TRY(quant_parameter(e, 4, c.shape, 1, 1));
  for (float& value : scale.values) value = x_scale * value / y_scale;
  NACRE_TRY(check_bias(e, 8, c.outputs));
  const QuantParameter zero = NACRE_TRY(quant_parameter(e, 7, {}, -1, 0));
  Tensor* y = NACRE_TRY(e.output(0, e.dtype(7), c.shape));
  Tensor wide = NACRE_TRY(e.scratch(DType::float64, c.shape));
  double* sums = static_cast<double*>(wide.mutable_raw());
  NACRE_TRY(convolve(e, c, x.data(), w.data(), sums));
  NACRE_TRY(add_bias(e, 8, c.images, c.outputs, c.plane(), sums));
  // The product is rounded to float, as kernels and other engines have it.
  const std::span<double> values = wide.mutable_data<double>();
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(values[i]) * scale.at(static_cast<int64_t>(i));
  requantize(values, {{1}}, zero, *y);
  return {};
}

}  // namespace

extern const Op op_q_linear_conv;
const Op op_q_linear_conv{.name = "QLinearConv",
                          .since = {10},
                          .types = {DType::int8, DType::uint8},
                          .inputs = {8, 9},
                          .infer = infer,
                          .evaluate = evaluate,
                          .kind = OpKind::convolution,
                          .cost = [](const NodeView& node) { return convolution_cost(node, 3); }};

}  // namespace nacre
