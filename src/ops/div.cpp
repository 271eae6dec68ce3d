// Div: z = x / y; integers truncate towards zero, and a zero divisor of theirs is an error.
// https://onnx.ai/onnx/operators/onnx__Div.html
#include "ops/arithmetic.h"
#include "ops/elementwise.h"

namespace nacre {
namespace {

template <class T>
T quotient(T a, T b) {
  if constexpr (std::is_signed_v<T> && std::is_integral_v<T>)
    if (b == -1) return wrapping_sub(T{0}, a);  // the smallest integer has no positive twin
  return a / b;
}

Result<void> infer(Inference& inference) {
  NACRE_TRY(broadcast_inputs(inference));
  return track_pairs(inference, [](const SymDim& a, const SymDim& b) { return truncated_quotient(a, b); });
}

Result<void> evaluate(Evaluation& e) {
  NACRE_TRY(refuse_zero_divisor(e));
  return binary<[](auto a, auto b) { return quotient(a, b); }>(e);
}

}  // namespace

extern const Op op_div;
const Op op_div{.name = "Div",
                .since = {1, 6, 7, 13, 14},
                .types = numeric_types,
                .inputs = {2, 2},
                .infer = infer,
                .evaluate = evaluate,
                .upgrade = upgrade_axis_broadcast,
                .kind = OpKind::elementwise,
                .may_alias = 3};

}  // namespace nacre
