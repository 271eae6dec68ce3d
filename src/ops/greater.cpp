// Greater: z = x > y; false where either is NaN.
// https://onnx.ai/onnx/operators/onnx__Greater.html
#include "ops/arithmetic.h"
#include "ops/elementwise.h"

namespace nacre {

extern const Op op_greater;
const Op op_greater{.name = "Greater",
                    .since = {1, 7, 9, 13},
                    .types = numeric_types,
                    .inputs = {2, 2},
                    .infer = broadcast_to_bool,
                    .evaluate = compare<[](auto a, auto b) { return a > b; }>,
                    .upgrade = upgrade_axis_broadcast,
                    .kind = OpKind::elementwise};

}  // namespace nacre
