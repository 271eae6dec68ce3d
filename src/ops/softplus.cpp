// Softplus: y = ln(1 + e^x), written so that e^x cannot overflow.
// https://onnx.ai/onnx/operators/onnx__Softplus.html
#include "ops/elementwise.h"

namespace nacre {

extern const Op op_softplus;
const Op op_softplus{.name = "Softplus",
                     .since = {1, 22},
                     .types = float_types,
                     .infer = same_as_input,
                     .evaluate = unary_float<[](auto x) { return (x > 0 ? x : 0) + std::log1p(std::exp(-std::abs(x))); }>,
                     .kind = OpKind::elementwise,
                     .may_alias = 1};

}  // namespace nacre
