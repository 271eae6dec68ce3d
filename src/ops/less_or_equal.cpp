// LessOrEqual: z = x <= y; false where either is NaN.
// https://onnx.ai/onnx/operators/onnx__LessOrEqual.html
#include "ops/elementwise.h"

namespace nacre {

extern const Op op_less_or_equal;
const Op op_less_or_equal{.name = "LessOrEqual",
                          .since = {12, 16},
                          .types = numeric_types,
                          .inputs = {2, 2},
                          .infer = broadcast_to_bool,
                          .evaluate = compare<[](auto a, auto b) { return a <= b; }>,
                          .kind = OpKind::elementwise};

}  // namespace nacre
