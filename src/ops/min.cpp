// Min: the smallest of the inputs, broadcast; NaN if any is.
// https://onnx.ai/onnx/operators/onnx__Min.html
#include "ops/arithmetic.h"
#include "ops/elementwise.h"
#include "ops/variadic.h"

namespace nacre {
namespace {

// NaN compares false to everything, itself included.
template <class T>
T smaller(T a, T b) {
  return a < b || a != a ? a : b;
}

Result<void> infer(Inference& inference) {
  return infer_variadic(inference, [](const SymDim& a, const SymDim& b) { return min(a, b); });
}

Result<void> evaluate(Evaluation& e) {
  return variadic(e, [](auto a, auto b) { return smaller(a, b); });
}

}  // namespace

extern const Op op_min;
const Op op_min{.name = "Min",
                .since = {1, 6, 8, 12, 13},
                .types = numeric_types,
                .inputs = {1, kMany},
                .infer = infer,
                .evaluate = evaluate,
                .upgrade = drop_consumed_inputs,
                .kind = OpKind::elementwise,
                .may_alias = 1};

}  // namespace nacre
