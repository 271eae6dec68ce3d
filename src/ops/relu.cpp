// Relu: y = max(x, 0); NaN stays NaN.
// https://onnx.ai/onnx/operators/onnx__Relu.html
#include "ops/arithmetic.h"
#include "ops/elementwise.h"

namespace nacre {

extern const Op op_relu;
const Op op_relu{.name = "Relu",
                 .since = {1, 6, 13, 14},
                 .types = float_types | signed_types,
                 .infer = same_as_input,
                 .evaluate = unary<[](auto x) { return x < 0 ? decltype(x)(0) : x; }>,
                 .upgrade = drop_consumed_inputs,
                 .kind = OpKind::elementwise,
                 .may_alias = 1};

}  // namespace nacre
