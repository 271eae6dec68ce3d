// Sqrt: y = sqrt(x); NaN below zero.
// https://onnx.ai/onnx/operators/onnx__Sqrt.html
#include "ops/arithmetic.h"
#include "ops/elementwise.h"

namespace nacre {

extern const Op op_sqrt;
const Op op_sqrt{.name = "Sqrt",
                 .since = {1, 6, 13},
                 .types = float_types,
                 .infer = same_as_input,
                 .evaluate = unary_float<[](auto x) { return std::sqrt(x); }>,
                 .upgrade = drop_consumed_inputs,
                 .kind = OpKind::elementwise,
                 .may_alias = 1};

}  // namespace nacre
