// Neg: y = -x.
// https://onnx.ai/onnx/operators/onnx__Neg.html
#include "ops/arithmetic.h"
#include "ops/elementwise.h"

namespace nacre {
namespace {

// 0 - x would lose the sign of a zero.
template <class T>
T negative(T x) {
  if constexpr (std::is_floating_point_v<T>)
    return -x;
  else
    return wrapping_sub(T{0}, x);
}

Result<void> infer(Inference& inference) {
  NACRE_TRY(same_as_input(inference));
  const std::vector<SymDim>* known = inference.values(0);
  if (!known) return {};
  std::vector<SymDim> out;
  for (const SymDim& value : *known) out.push_back(SymDim(0) - value);
  inference.set_values(0, std::move(out));
  return {};
}

}  // namespace

extern const Op op_neg;
const Op op_neg{.name = "Neg",
                .since = {1, 6, 13},
                .types = float_types | signed_types,
                .infer = infer,
                .evaluate = unary<[](auto x) { return negative(x); }>,
                .upgrade = drop_consumed_inputs,
                .kind = OpKind::elementwise,
                .may_alias = 1};

}  // namespace nacre
