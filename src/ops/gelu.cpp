// Gelu: y = x * P(X <= x) of a normal X: through erf, or `approximate` = "tanh".
// https://onnx.ai/onnx/operators/onnx__Gelu.html
#include "ops/elementwise.h"

namespace nacre {
namespace {

constexpr double kRootHalf = 0.70710678118654752, kRootTwoOverPi = 0.79788456080286536, kCubic = 0.044715;

// 1 + erf(z) and 1 + tanh(z) lose all their digits at negative z, and what is 5 too low in z's last place is far off in their tails:
// erfc(-z) and 2 / (1 + exp(-2 z)), in double.
template <class T>
T exact(T x) {
  if (x < -40) return std::isinf(x) ? static_cast<T>(NAN) : static_cast<T>(-0.0);
  return static_cast<T>(x * std::erfc(-x * kRootHalf) / 2);
}

template <class T>
T by_tanh(T x) {
  const double wide = x;
  return static_cast<T>(wide / (1 + std::exp(-2 * kRootTwoOverPi * (wide + kCubic * wide * wide * wide))));
}

Result<void> infer(Inference& inference) {
  const std::string approximate = inference.attributes().string("approximate", "none");
  if (approximate == "none" || approximate == "tanh") return same_as_input(inference);
  return fail(ErrorCode::invalid_model, "approximate is \"", approximate, "\", not \"none\" or \"tanh\"");
}

Result<void> evaluate(Evaluation& e) {
  if (e.attributes().string("approximate", "none") == "tanh") return unary_float<[](auto x) { return by_tanh(x); }>(e);
  return unary_float<[](auto x) { return exact(x); }>(e);
}

Edge lower(Builder& b, const NodeView& n) {
  const Edge x = n.input(0), half = b.scalar(0.5, x), one = b.scalar(1, x);
  if (n.attributes().string("approximate", "none") == "none")
    return b.mul(b.mul(x, half), b.add(one, b.erf(b.mul(x, b.scalar(kRootHalf, x)))));
  const Edge cubic = b.mul(b.scalar(kCubic, x), b.mul(x, b.mul(x, x)));
  return b.mul(b.mul(x, half), b.add(one, b.tanh(b.mul(b.scalar(kRootTwoOverPi, x), b.add(x, cubic)))));
}

}  // namespace

extern const Op op_gelu;
const Op op_gelu{.name = "Gelu",
                 .since = {20},
                 .types = float_types,
                 .infer = infer,
                 .evaluate = evaluate,
                 .lower = lower,
                 .kind = OpKind::elementwise,
                 .may_alias = 1};

}  // namespace nacre
