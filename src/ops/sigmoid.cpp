// Sigmoid: y = 1 / (1 + e^-x).
// https://onnx.ai/onnx/operators/onnx__Sigmoid.html
#include "ops/arithmetic.h"
#include "ops/elementwise.h"

namespace nacre {

extern const Op op_sigmoid;
const Op op_sigmoid{.name = "Sigmoid",
                    .since = {1, 6, 13},
                    .types = float_types,
                    .infer = same_as_input,
                    .evaluate = unary_float<[](auto x) { return 1 / (1 + std::exp(-x)); }>,
                    .upgrade = drop_consumed_inputs,
                    .kind = OpKind::elementwise,
                    .may_alias = 1};

}  // namespace nacre
