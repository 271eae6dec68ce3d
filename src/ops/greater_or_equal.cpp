// GreaterOrEqual: z = x >= y; false where either is NaN.
// https://onnx.ai/onnx/operators/onnx__GreaterOrEqual.html
#include "ops/elementwise.h"

namespace nacre {

extern const Op op_greater_or_equal;
const Op op_greater_or_equal{.name = "GreaterOrEqual",
                             .since = {12, 16},
                             .types = numeric_types,
                             .inputs = {2, 2},
                             .infer = broadcast_to_bool,
                             .evaluate = compare<[](auto a, auto b) { return a >= b; }>,
                             .kind = OpKind::elementwise};

}  // namespace nacre
