// Round: the nearest integer, halves to the even one.
// https://onnx.ai/onnx/operators/onnx__Round.html
#include "ops/elementwise.h"

namespace nacre {

extern const Op op_round;
const Op op_round{.name = "Round",
                  .since = {11, 22},
                  .types = float_types,
                  .infer = same_as_input,
                  .evaluate = unary_float<[](auto x) { return std::nearbyint(x); }>,
                  .kind = OpKind::elementwise,
                  .may_alias = 1};

}  // namespace nacre
