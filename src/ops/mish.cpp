// Mish: y = x * tanh(ln(1 + exp(x))).
// https://onnx.ai/onnx/operators/onnx__Mish.html
#include "ops/elementwise.h"

namespace nacre {
namespace {

Edge lower(Builder& b, const NodeView& n) {
  const Edge x = n.input(0);
  return b.mul(x, b.tanh(b.softplus(x)));
}

}  // namespace

extern const Op op_mish;
const Op op_mish{.name = "Mish",
                 .since = {18, 22},
                 .types = float_types,
                 .infer = same_as_input,
                 .evaluate = unary_float<[](auto x) { return static_cast<decltype(x)>(x * std::tanh(std::log1p(std::exp(double(x))))); }>,
                 .lower = lower,
                 .kind = OpKind::elementwise,
                 .may_alias = 1};

}  // namespace nacre
