// Swish: y = x * sigmoid(alpha * x).
// https://onnx.ai/onnx/operators/onnx__Swish.html
#include "ops/elementwise.h"

namespace nacre {
namespace {

Result<void> evaluate(Evaluation& e) {
  const double alpha = e.attributes().real("alpha", 1.0f);
  return unary_float_with(e, [=](auto x) {
    const double z = alpha * x, small = std::exp(-std::abs(z));  // never infinite
    return static_cast<decltype(x)>(z < 0 ? x * small / (1 + small) : x / (1 + small));
  });
}

Edge lower(Builder& b, const NodeView& n) {
  const Edge x = n.input(0);
  const float alpha = n.attributes().real("alpha", 1.0f);
  return b.mul(x, b.sigmoid(alpha == 1.0f ? x : b.mul(x, b.scalar(alpha, x))));
}

}  // namespace

extern const Op op_swish;
const Op op_swish{.name = "Swish",
                  .since = {24},
                  .types = float_types,
                  .infer = same_as_input,
                  .evaluate = evaluate,
                  .lower = lower,
                  .kind = OpKind::elementwise,
                  .may_alias = 1};

}  // namespace nacre
