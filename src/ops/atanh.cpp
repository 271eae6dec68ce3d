// Atanh: y = atanh(x).
// https://onnx.ai/onnx/operators/onnx__Atanh.html
#include "ops/elementwise.h"

namespace nacre {

extern const Op op_atanh;
const Op op_atanh{.name = "Atanh",
                  .since = {9, 22},
                  .types = float_types,
                  .infer = same_as_input,
                  .evaluate = unary_float<[](auto x) { return std::atanh(x); }>,
                  .kind = OpKind::elementwise,
                  .may_alias = 1};

}  // namespace nacre
