// Tan: y = tan(x).
// https://onnx.ai/onnx/operators/onnx__Tan.html
#include "ops/elementwise.h"

namespace nacre {

extern const Op op_tan;
const Op op_tan{.name = "Tan",
                .since = {7, 22},
                .types = float_types,
                .infer = same_as_input,
                .evaluate = unary_float<[](auto x) { return std::tan(x); }>,
                .kind = OpKind::elementwise,
                .may_alias = 1};

}  // namespace nacre
