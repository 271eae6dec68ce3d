// Elu: y = x where x >= 0, else alpha * (e^x - 1).
// https://onnx.ai/onnx/operators/onnx__Elu.html
#include "ops/arithmetic.h"
#include "ops/elementwise.h"

namespace nacre {
namespace {

Result<void> evaluate(Evaluation& e) {
  const float alpha = e.attributes().real("alpha", 1.0f);
  return unary_float_with(e, [=](auto x) { return static_cast<decltype(x)>(x < 0 ? alpha * std::expm1(x) : x); });
}

}  // namespace

extern const Op op_elu;
const Op op_elu{.name = "Elu",
                .since = {1, 6, 22},
                .types = float_types,
                .infer = same_as_input,
                .evaluate = evaluate,
                .upgrade = drop_consumed_inputs,
                .kind = OpKind::elementwise,
                .may_alias = 1};

}  // namespace nacre
