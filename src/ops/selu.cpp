// Selu: y = gamma * x where x > 0, else gamma * alpha * (e^x - 1).
// https://onnx.ai/onnx/operators/onnx__Selu.html
#include "ops/arithmetic.h"
#include "ops/elementwise.h"

namespace nacre {
namespace {

Result<void> evaluate(Evaluation& e) {
  const float alpha = e.attributes().real("alpha", 1.67326319217681884765625f);
  const float gamma = e.attributes().real("gamma", 1.05070102214813232421875f);
  return unary_float_with(e, [=](auto x) { return static_cast<decltype(x)>(gamma * (x > 0 ? x : alpha * std::expm1(x))); });
}

}  // namespace

extern const Op op_selu;
const Op op_selu{.name = "Selu",
                 .since = {1, 6, 22},
                 .types = float_types,
                 .infer = same_as_input,
                 .evaluate = evaluate,
                 .upgrade = drop_consumed_inputs,
                 .kind = OpKind::elementwise,
                 .may_alias = 1};

}  // namespace nacre
