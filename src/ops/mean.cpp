// Mean: the average of the inputs, broadcast.
// https://onnx.ai/onnx/operators/onnx__Mean.html
#include "ops/arithmetic.h"
#include "ops/variadic.h"

namespace nacre {
namespace {

Result<void> evaluate(Evaluation& e) {
  const double count = static_cast<double>(e.input_count());
  const auto plus = [](double a, double b) { return a + b; };  // doubles: a sum of floats may be larger than any float
  return variadic<double>(e, plus, [count](double sum) { return sum / count; });
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
