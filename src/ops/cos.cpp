// Cos: y = cos(x).
// https://onnx.ai/onnx/operators/onnx__Cos.html
#include "ops/elementwise.h"

namespace nacre {

extern const Op op_cos;
const Op op_cos{.name = "Cos",
                .since = {7, 22},
                .types = float_types,
                .infer = same_as_input,
                .evaluate = unary_float<[](auto x) { return std::cos(x); }>,
                .kind = OpKind::elementwise,
                .may_alias = 1};

}  // namespace nacre
