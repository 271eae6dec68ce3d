// ConvInteger: Conv of x - x_zero with w - w_zero in int32; one zero point for x, one or one for each output channel for w.
// https://onnx.ai/onnx/operators/onnx__ConvInteger.html
#include "ops/convolution.h"
#include "ops/quantized.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) { return infer_convolution(inference, 0, 1, DType::int32); }

Result<void> evaluate(Evaluation& e) {
  const Convolution c = NACRE_TRY(plan_convolution(e, 0, 1));
  const std::vector<float> x = NACRE_TRY(centred(e, 0, 2, -1)), w = NACRE_TRY(centred(e, 1, 3, 0));
  Tensor* y = NACRE_TRY(e.output(0, DType::int32, c.shape));
  Tensor wide = NACRE_TRY(e.scratch(DType::float64, c.shape));
  NACRE_TRY(convolve(e, c, x.data(), w.data(), static_cast<double*>(wide.mutable_raw())));
  store_int32(wide.data<double>(), *y);
  return {};
}

}  // namespace

extern const Op op_conv_integer;
const Op op_conv_integer{.name = "ConvInteger",
                         .since = {10},
                         .types = {DType::int8, DType::uint8},
                         .inputs = {2, 4},
                         .infer = infer,
                         .evaluate = evaluate,
                         .kind = OpKind::convolution,
                         .cost = [](const NodeView& node) { return convolution_cost(node, 1); }};

}  // namespace nacre
