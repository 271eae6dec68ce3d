// Acos: y = acos(x).
// https://onnx.ai/onnx/operators/onnx__Acos.html
#include "ops/elementwise.h"

namespace nacre {

extern const Op op_acos;
const Op op_acos{.name = "Acos",
                 .since = {7, 22},
                 .types = float_types,
                 .infer = same_as_input,
                 .evaluate = unary_float<[](auto x) { return std::acos(x); }>,
                 .kind = OpKind::elementwise,
                 .may_alias = 1};

}  // namespace nacre
