// Tanh: y = tanh(x).
// https://onnx.ai/onnx/operators/onnx__Tanh.html
#include "ops/arithmetic.h"
#include "ops/elementwise.h"

namespace nacre {

extern const Op op_tanh;
const Op op_tanh{.name = "Tanh",
                 .since = {1, 6, 13},
                 .types = float_types,
                 .infer = same_as_input,
                 .evaluate = unary_float<[](auto x) { return std::tanh(x); }>,
                 .upgrade = drop_consumed_inputs,
                 .kind = OpKind::elementwise,
                 .may_alias = 1};

}  // namespace nacre
