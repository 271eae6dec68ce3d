// LeakyRelu: y = x where x >= 0, else alpha * x.
// https://onnx.ai/onnx/operators/onnx__LeakyRelu.html
#include "ops/arithmetic.h"
#include "ops/elementwise.h"

namespace nacre {
namespace {

Result<void> evaluate(Evaluation& e) {
  const float alpha = e.attributes().real("alpha", 0.01f);
  return unary_float_with(e, [=](auto x) { return static_cast<decltype(x)>(x < 0 ? alpha * x : x); });
}

}  // namespace

extern const Op op_leaky_relu;
const Op op_leaky_relu{.name = "LeakyRelu",
                       .since = {1, 6, 16},
                       .types = float_types,
                       .infer = same_as_input,
                       .evaluate = evaluate,
                       .upgrade = drop_consumed_inputs,
                       .kind = OpKind::elementwise,
                       .may_alias = 1};

}  // namespace nacre
