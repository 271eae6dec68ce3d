// Sign: -1, 0 or 1; NaN stays NaN.
// https://onnx.ai/onnx/operators/onnx__Sign.html
#include "ops/elementwise.h"

namespace nacre {

extern const Op op_sign;
const Op op_sign{.name = "Sign",
                 .since = {9, 13},
                 .types = numeric_types,
                 .infer = same_as_input,
                 .evaluate = unary<[](auto x) { return x != x ? x : static_cast<decltype(x)>((x > 0) - (x < 0)); }>,
                 .kind = OpKind::elementwise,
                 .may_alias = 1};

}  // namespace nacre
