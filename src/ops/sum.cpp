// Sum: the inputs added up, broadcast.
// https://onnx.ai/onnx/operators/onnx__Sum.html
#include "ops/arithmetic.h"
#include "ops/variadic.h"

namespace nacre {
namespace {

Result<void> evaluate(Evaluation& e) {
  return variadic(e, [](auto a, auto b) { return a + b; });
}

}  // namespace

extern const Op op_sum;
const Op op_sum{.name = "Sum",
                .since = {1, 6, 8, 13},
                .types = float_types,
                .inputs = {1, kMany},
                .infer = broadcast_inputs,
                .evaluate = evaluate,
                .upgrade = drop_consumed_inputs,
                .kind = OpKind::elementwise,
                .may_alias = 1};

}  // namespace nacre
