// Softsign: y = x / (1 + |x|).
// https://onnx.ai/onnx/operators/onnx__Softsign.html
#include "ops/elementwise.h"

namespace nacre {

extern const Op op_softsign;
const Op op_softsign{.name = "Softsign",
                     .since = {1, 22},
                     .types = float_types,
                     .infer = same_as_input,
                     .evaluate = unary_float<[](auto x) { return x / (1 + std::abs(x)); }>,
                     .kind = OpKind::elementwise,
                     .may_alias = 1};

}  // namespace nacre
