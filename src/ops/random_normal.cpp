// RandomNormal: random numbers, normal with `mean` and deviation `scale`.
// https://onnx.ai/onnx/operators/onnx__RandomNormal.html
#include "ops/random_fill.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) { return infer_random(inference); }

Result<void> evaluate(Evaluation& e) {
  const double mean = e.attributes().real("mean", 0), scale = e.attributes().real("scale", 1);
  return fill_random(e, e.attributes().integers("shape"), [=](Random& random) { return mean + scale * random.normal(); });
}

}  // namespace

extern const Op op_random_normal;
const Op op_random_normal{.name = "RandomNormal",
                          .since = {1, 22},
                          .types = float_types,
                          .inputs = {0, 0},
                          .infer = infer,
                          .evaluate = evaluate,
                          .deterministic = false};

}  // namespace nacre
