// Mean: the average of the inputs, broadcast.
// https://onnx.ai/onnx/operators/onnx__Mean.html
#include "ops/arithmetic.h"
#include "ops/variadic.h"

namespace nacre {
namespace {

Result<void> evaluate(Evaluation& e) {
  const double count = static_cast<double>(e.input_count());
  return variadic(e, [](auto a, auto b) { return a + b; }, [count](auto sum) { return static_cast<decltype(sum)>(sum / count); });
}

}  // namespace

extern const Op op_mean;
const Op op_mean{.name = "Mean",
                 .since = {1, 6, 8, 13},
                 .types = float_types,
                 .inputs = {1, kMany},
                 .infer = broadcast_inputs,
                 .evaluate = evaluate,
                 .upgrade = drop_consumed_inputs,
                 .kind = OpKind::elementwise,
                 .may_alias = 1};

}  // namespace nacre
