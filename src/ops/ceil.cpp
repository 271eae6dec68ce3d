// Ceil: the smallest integer not below x.
// https://onnx.ai/onnx/operators/onnx__Ceil.html
#include "ops/arithmetic.h"
#include "ops/elementwise.h"

namespace nacre {

extern const Op op_ceil;
const Op op_ceil{.name = "Ceil",
                 .since = {1, 6, 13},
                 .types = float_types,
                 .infer = same_as_input,
                 .evaluate = unary_float<[](auto x) { return std::ceil(x); }>,
                 .upgrade = drop_consumed_inputs,
                 .kind = OpKind::elementwise,
                 .may_alias = 1};

}  // namespace nacre
