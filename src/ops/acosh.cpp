// Acosh: y = acosh(x).
// https://onnx.ai/onnx/operators/onnx__Acosh.html
#include "ops/elementwise.h"

namespace nacre {

extern const Op op_acosh;
const Op op_acosh{.name = "Acosh",
                  .since = {9, 22},
                  .types = float_types,
                  .infer = same_as_input,
                  .evaluate = unary_float<[](auto x) { return std::acosh(x); }>,
                  .kind = OpKind::elementwise,
                  .may_alias = 1};

}  // namespace nacre
