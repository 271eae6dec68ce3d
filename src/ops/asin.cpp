// Asin: y = asin(x).
// https://onnx.ai/onnx/operators/onnx__Asin.html
#include "ops/elementwise.h"

namespace nacre {

extern const Op op_asin;
const Op op_asin{.name = "Asin",
                 .since = {7, 22},
                 .types = float_types,
                 .infer = same_as_input,
                 .evaluate = unary_float<[](auto x) { return std::asin(x); }>,
                 .kind = OpKind::elementwise,
                 .may_alias = 1};

}  // namespace nacre
