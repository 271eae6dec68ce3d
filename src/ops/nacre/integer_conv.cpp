// nacre.IntegerConv: y = activation(s (x_scale w_scale) + bias + residual), or activation(s (x_scale w_scale) + bias) + residual when
// `residual_after` is 1, where s = conv(x - x_zero, w - w_zero) in int32. x_scale and x_zero are one number, w_scale and w_zero one or one
// for each output channel; bias [channels], residual like y. What ConvInteger becomes with the Cast and the scales behind it; its first
// inputs and attributes are ConvInteger's. Each step rounds as it would by itself. What is absent is 1, a scale, or 0.
#include "ops/convolution.h"
#include "ops/nacre/activation.h"
#include "ops/quantized.h"

namespace nacre {
namespace {

enum Position : size_t { x, w, x_zero, w_zero, x_scale, w_scale, bias, residual };

Result<void> infer(Inference& inference) { return infer_convolution(inference, x, w, DType::float32); }

Result<void> evaluate(Evaluation& e) {
  const Convolution c = NACRE_TRY(plan_convolution(e, x, w));
  const std::vector<float> image = NACRE_TRY(centred(e, x, x_zero, -1)), weights = NACRE_TRY(centred(e, w, w_zero, 0));
  const QuantParameter one = NACRE_TRY(quant_parameter(e, x_scale, c.shape, 1, 1)),
                       other = NACRE_TRY(quant_parameter(e, w_scale, c.shape, 1, 1));
  NACRE_TRY(check_bias(e, bias, c.outputs));
  const QuantParameter biases = NACRE_TRY(quant_parameter(e, bias, c.shape, 1, 0));
  if (e.has(residual) && e.shape(residual) != c.shape)
    return fail(ErrorCode::invalid_argument, "residual ", describe(e.input(residual)), " for ", c.shape);
  Tensor* y = NACRE_TRY(e.output(0, DType::float32, c.shape));
  Tensor wide = NACRE_TRY(e.scratch(DType::float64, c.shape));
  double* sums = static_cast<double*>(wide.mutable_raw());
  NACRE_TRY(convolve(e, c, image.data(), weights.data(), sums));
  const FusedActivation activation = fused_activation(e.attributes());
  const bool after = e.attributes().integer("residual_after", 0) != 0;
  const float* added = e.has(residual) ? e.input(residual).data<float>().data() : nullptr;
  float* out = y->mutable_data<float>().data();
  for (int64_t i = 0; i < y->size(); ++i) {
    float value = static_cast<float>(static_cast<int32_t>(static_cast<int64_t>(sums[i]))) * (one.at(i) * other.at(i));
    value += biases.at(i);
    if (added && !after) value += added[i];
    value = static_cast<float>(nacre::activate(activation, value));
    out[i] = added && after ? value + added[i] : value;
  }
  return {};
}

}  // namespace

extern const Op op_nacre_integer_conv;
const Op op_nacre_integer_conv{.name = "IntegerConv",
                               .domain = "nacre",
                               .since = {1},
                               .types = {DType::int8, DType::uint8},
                               .inputs = {2, 8},
                               .infer = infer,
                               .evaluate = evaluate,
                               .kind = OpKind::convolution,
                               .cost = [](const NodeView& node) { return convolution_cost(node, w); }};

}  // namespace nacre
