// Sinh: y = sinh(x).
// https://onnx.ai/onnx/operators/onnx__Sinh.html
#include "ops/elementwise.h"

namespace nacre {

extern const Op op_sinh;
const Op op_sinh{.name = "Sinh",
                 .since = {9, 22},
                 .types = float_types,
                 .infer = same_as_input,
                 .evaluate = unary_float<[](auto x) { return std::sinh(x); }>,
                 .kind = OpKind::elementwise,
                 .may_alias = 1};

}  // namespace nacre
