// RandomUniform: random numbers, uniform between `low` and `high`.
// https://onnx.ai/onnx/operators/onnx__RandomUniform.html
#include "ops/random_fill.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) { return infer_random(inference); }

Result<void> evaluate(Evaluation& e) {
  const double low = e.attributes().real("low", 0), high = e.attributes().real("high", 1);
  return fill_random(e, e.attributes().integers("shape"), [=](Random& random) { return low + (high - low) * random.uniform(); });
}

}  // namespace

extern const Op op_random_uniform;
const Op op_random_uniform{.name = "RandomUniform",
                           .since = {1, 22},
                           .types = float_types,
                           .inputs = {0, 0},
                           .infer = infer,
                           .evaluate = evaluate,
                           .deterministic = false};

}  // namespace nacre
