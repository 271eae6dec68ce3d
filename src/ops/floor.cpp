// Floor: the largest integer not above x.
// https://onnx.ai/onnx/operators/onnx__Floor.html
#include "ops/arithmetic.h"
#include "ops/elementwise.h"

namespace nacre {

extern const Op op_floor;
const Op op_floor{.name = "Floor",
                  .since = {1, 6, 13},
                  .types = float_types,
                  .infer = same_as_input,
                  .evaluate = unary_float<[](auto x) { return std::floor(x); }>,
                  .upgrade = drop_consumed_inputs,
                  .kind = OpKind::elementwise,
                  .may_alias = 1};

}  // namespace nacre
