// Reciprocal: y = 1 / x.
// https://onnx.ai/onnx/operators/onnx__Reciprocal.html
#include "ops/arithmetic.h"
#include "ops/elementwise.h"

namespace nacre {

extern const Op op_reciprocal;
const Op op_reciprocal{.name = "Reciprocal",
                       .since = {1, 6, 13},
                       .types = float_types,
                       .infer = same_as_input,
                       .evaluate = unary_float<[](auto x) { return 1 / x; }>,
                       .upgrade = drop_consumed_inputs,
                       .kind = OpKind::elementwise,
                       .may_alias = 1};

}  // namespace nacre
