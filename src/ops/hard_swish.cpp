// HardSwish: y = x * clip(x / 6 + 1 / 2, 0, 1), by x + 3, which is exact where it cancels.
// https://onnx.ai/onnx/operators/onnx__HardSwish.html
#include "ops/elementwise.h"

namespace nacre {
namespace {

Edge lower(Builder& b, const NodeView& n) {
  const Edge x = n.input(0);
  return b.mul(x, b.add("HardSigmoid", {x}, {{"alpha", 1.0f / 6}, {"beta", 0.5f}}));
}

}  // namespace

extern const Op op_hard_swish;
const Op op_hard_swish{
    .name = "HardSwish",
    .since = {14, 22},
    .types = float_types,
    .infer = same_as_input,
    .evaluate = unary_float<[](auto x) { return x * (std::fmax(decltype(x)(0), std::fmin(decltype(x)(6), x + 3)) / 6); }>,
    .lower = lower,
    .kind = OpKind::elementwise,
    .may_alias = 1};

}  // namespace nacre
