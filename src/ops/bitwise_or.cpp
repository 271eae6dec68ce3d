// BitwiseOr: z = x | y, bit by bit.
// https://onnx.ai/onnx/operators/onnx__BitwiseOr.html
#include "ops/logic.h"

namespace nacre {

extern const Op op_bitwise_or;
const Op op_bitwise_or{.name = "BitwiseOr",
                       .since = {18},
                       .types = integer_types,
                       .inputs = {2, 2},
                       .infer = broadcast_inputs,
                       .evaluate = bitwise<[](auto a, auto b) { return a | b; }>,
                       .kind = OpKind::elementwise,
                       .may_alias = 3};

}  // namespace nacre
