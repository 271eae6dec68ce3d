// Asinh: y = asinh(x).
// https://onnx.ai/onnx/operators/onnx__Asinh.html
#include "ops/elementwise.h"

namespace nacre {

extern const Op op_asinh;
const Op op_asinh{.name = "Asinh",
                  .since = {9, 22},
                  .types = float_types,
                  .infer = same_as_input,
                  .evaluate = unary_float<[](auto x) { return std::asinh(x); }>,
                  .kind = OpKind::elementwise,
                  .may_alias = 1};

}  // namespace nacre
