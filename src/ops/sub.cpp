// Sub: z = x - y; integers wrap.
// https://onnx.ai/onnx/operators/onnx__Sub.html
#include "ops/arithmetic.h"
#include "ops/elementwise.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  return infer_arithmetic(inference, [](const SymDim& a, const SymDim& b) { return a - b; });
}

}  // namespace

extern const Op op_sub;
const Op op_sub{.name = "Sub",
                .since = {1, 6, 7, 13, 14},
                .types = numeric_types,
                .inputs = {2, 2},
                .infer = infer,
                .evaluate = binary<[](auto a, auto b) { return wrapping_sub(a, b); }>,
                .upgrade = upgrade_axis_broadcast,
                .kind = OpKind::elementwise,
                .may_alias = 3};

}  // namespace nacre
