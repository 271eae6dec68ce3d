// Cosh: y = cosh(x).
// https://onnx.ai/onnx/operators/onnx__Cosh.html
#include "ops/elementwise.h"

namespace nacre {

extern const Op op_cosh;
const Op op_cosh{.name = "Cosh",
                 .since = {9, 22},
                 .types = float_types,
                 .infer = same_as_input,
                 .evaluate = unary_float<[](auto x) { return std::cosh(x); }>,
                 .kind = OpKind::elementwise,
                 .may_alias = 1};

}  // namespace nacre
