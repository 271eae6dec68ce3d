// Mod: the remainder of x / y, with the sign of y as in Python, or of x when `fmod` is 1.
// https://onnx.ai/onnx/operators/onnx__Mod.html
#include "ops/arithmetic.h"
#include "ops/elementwise.h"

namespace nacre {
namespace {

template <class T>
T remainder_like_dividend(T a, T b) {
  if constexpr (std::is_floating_point_v<T>)
    return std::fmod(a, b);
  else if constexpr (std::is_signed_v<T>)
    return b == -1 ? 0 : a % b;  // the smallest integer % -1 traps
  else
    return a % b;
}

template <class T>
T remainder_like_divisor(T a, T b) {
  const T rest = remainder_like_dividend(a, b);
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

Result<void> infer(Inference& inference) {
  NACRE_TRY(broadcast_inputs(inference));
  const bool like_dividend = inference.attributes().integer("fmod", 0) != 0;
  return track_pairs(inference, [&](const SymDim& a, const SymDim& b) -> std::optional<SymDim> {
    if (!b.is_constant() || *b.constant() <= 0 || (like_dividend && !is_never_negative(a))) return std::nullopt;
    return a - b * floor_div(a, b);
  });
}

Result<void> evaluate(Evaluation& e) {
  NACRE_TRY(refuse_zero_divisor(e));
  if (e.attributes().integer("fmod", 0) != 0) return binary<[](auto a, auto b) { return remainder_like_dividend(a, b); }>(e);
  return binary<[](auto a, auto b) { return remainder_like_divisor(a, b); }>(e);
}

}  // namespace

extern const Op op_mod;
const Op op_mod{.name = "Mod",
                .since = {10, 13},
                .types = numeric_types,
                .inputs = {2, 2},
                .infer = infer,
                .evaluate = evaluate,
                .kind = OpKind::elementwise,
                .may_alias = 3};

}  // namespace nacre
