// ThresholdedRelu: y = x where x > alpha, else 0.
// https://onnx.ai/onnx/operators/onnx__ThresholdedRelu.html
#include "ops/elementwise.h"

namespace nacre {
namespace {

Result<void> evaluate(Evaluation& e) {
  const float alpha = e.attributes().real("alpha", 1.0f);
  return unary_float_with(e, [=](auto x) { return static_cast<decltype(x)>(x <= alpha ? 0 : x); });
}

}  // namespace

extern const Op op_thresholded_relu;
const Op op_thresholded_relu{.name = "ThresholdedRelu",
                             .since = {10, 22},
                             .types = float_types,
                             .infer = same_as_input,
                             .evaluate = evaluate,
                             .kind = OpKind::elementwise,
                             .may_alias = 1};

}  // namespace nacre
