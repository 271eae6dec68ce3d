// Exp: y = e^x.
// https://onnx.ai/onnx/operators/onnx__Exp.html
#include "ops/arithmetic.h"
#include "ops/elementwise.h"

namespace nacre {

extern const Op op_exp;
const Op op_exp{.name = "Exp",
                .since = {1, 6, 13},
                .types = float_types,
                .infer = same_as_input,
                .evaluate = unary_float<[](auto x) { return std::exp(x); }>,
                .upgrade = drop_consumed_inputs,
                .kind = OpKind::elementwise,
                .may_alias = 1};

}  // namespace nacre
