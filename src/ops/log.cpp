// Log: y = ln(x).
// https://onnx.ai/onnx/operators/onnx__Log.html
#include "ops/arithmetic.h"
#include "ops/elementwise.h"

namespace nacre {

extern const Op op_log;
const Op op_log{.name = "Log",
                .since = {1, 6, 13},
                .types = float_types,
                .infer = same_as_input,
                .evaluate = unary_float<[](auto x) { return std::log(x); }>,
                .upgrade = drop_consumed_inputs,
                .kind = OpKind::elementwise,
                .may_alias = 1};

}  // namespace nacre
