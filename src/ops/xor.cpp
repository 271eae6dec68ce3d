// Xor: z = x xor y, of bools.
// https://onnx.ai/onnx/operators/onnx__Xor.html
#include "ops/arithmetic.h"
#include "ops/logic.h"

namespace nacre {

extern const Op op_xor;
const Op op_xor{.name = "Xor",
                .since = {1, 7},
                .types = TypeSet{DType::boolean},
                .inputs = {2, 2},
                .infer = broadcast_to_bool,
                .evaluate = logical<[](bool a, bool b) { return a != b; }>,
                .upgrade = upgrade_axis_broadcast,
                .kind = OpKind::elementwise,
                .may_alias = 3};

}  // namespace nacre
