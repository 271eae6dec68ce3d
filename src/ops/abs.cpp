// Abs: y = |x|; the smallest integer stays itself.
// https://onnx.ai/onnx/operators/onnx__Abs.html
#include "ops/arithmetic.h"
#include "ops/elementwise.h"

namespace nacre {

extern const Op op_abs;
const Op op_abs{.name = "Abs",
                .since = {1, 6, 13},
                .types = numeric_types,
                .infer = same_as_input,
                .evaluate = unary<[](auto x) { return x < 0 || x == 0 ? wrapping_sub(decltype(x){0}, x) : x; }>,
                .upgrade = drop_consumed_inputs,
                .kind = OpKind::elementwise,
                .may_alias = 1};

}  // namespace nacre
