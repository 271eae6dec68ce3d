// HardSigmoid: y = clip(alpha * x + beta, 0, 1).
// https://onnx.ai/onnx/operators/onnx__HardSigmoid.html
#include "ops/arithmetic.h"
#include "ops/elementwise.h"

namespace nacre {
namespace {

// NaN passes both comparisons and stays.
template <class T>
T clamp_to_one(T x) {
  return x < 0 ? 0 : x > 1 ? 1 : x;
}

Result<void> evaluate(Evaluation& e) {
  const float alpha = e.attributes().real("alpha", 0.2f);
  const float beta = e.attributes().real("beta", 0.5f);
  return unary_float_with(
      e, [=](auto x) { return static_cast<decltype(x)>(clamp_to_one(static_cast<double>(alpha) * x + beta)); });  // cancels
}

}  // namespace

extern const Op op_hard_sigmoid;
const Op op_hard_sigmoid{.name = "HardSigmoid",
                         .since = {1, 6, 22},
                         .types = float_types,
                         .infer = same_as_input,
                         .evaluate = evaluate,
                         .upgrade = drop_consumed_inputs,
                         .kind = OpKind::elementwise,
                         .may_alias = 1};

}  // namespace nacre
