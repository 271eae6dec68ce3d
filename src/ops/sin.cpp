// Sin: y = sin(x).
// https://onnx.ai/onnx/operators/onnx__Sin.html
#include "ops/elementwise.h"

namespace nacre {

extern const Op op_sin;
const Op op_sin{.name = "Sin",
                .since = {7, 22},
                .types = float_types,
                .infer = same_as_input,
                .evaluate = unary_float<[](auto x) { return std::sin(x); }>,
                .kind = OpKind::elementwise,
                .may_alias = 1};

}  // namespace nacre
