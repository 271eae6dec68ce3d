// RandomNormalLike: random numbers, normal with `mean` and deviation `scale`, in the shape of the input.
// https://onnx.ai/onnx/operators/onnx__RandomNormalLike.html
#include "ops/random_fill.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) { return infer_random_like(inference); }

Result<void> evaluate(Evaluation& e) {
  const double mean = e.attributes().real("mean", 0), scale = e.attributes().real("scale", 1);
  return fill_random(e, e.shape(0), [=](Random& random) { return mean + scale * random.normal(); });
}

}  // namespace

extern const Op op_random_normal_like;
const Op op_random_normal_like{.name = "RandomNormalLike",
                               .since = {1, 22},
                               .types = numeric_types | complex_types | TypeSet{DType::boolean, DType::string},
                               .infer = infer,
                               .evaluate = evaluate,
                               .deterministic = false};

}  // namespace nacre
