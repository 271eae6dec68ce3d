// Atan: y = atan(x).
// https://onnx.ai/onnx/operators/onnx__Atan.html
#include "ops/elementwise.h"

namespace nacre {

extern const Op op_atan;
const Op op_atan{.name = "Atan",
                 .since = {7, 22},
                 .types = float_types,
                 .infer = same_as_input,
                 .evaluate = unary_float<[](auto x) { return std::atan(x); }>,
                 .kind = OpKind::elementwise,
                 .may_alias = 1};

}  // namespace nacre
