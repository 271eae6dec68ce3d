// Erf: the error function, 2 / sqrt(pi) * integral of exp(-t^2) from 0 to x.
// https://onnx.ai/onnx/operators/onnx__Erf.html
#include "ops/elementwise.h"

namespace nacre {

extern const Op op_erf;
const Op op_erf{.name = "Erf",
                .since = {9, 13},
                .types = float_types,
                .infer = same_as_input,
                .evaluate = unary_float<[](auto x) { return std::erf(x); }>,
                .kind = OpKind::elementwise,
                .may_alias = 1};

}  // namespace nacre
