// RandomUniformLike: random numbers, uniform between `low` and `high`, in the shape of the input.
// https://onnx.ai/onnx/operators/onnx__RandomUniformLike.html
#include "ops/random_fill.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) { return infer_random_like(inference); }

Result<void> evaluate(Evaluation& e) {
  const double low = e.attributes().real("low", 0), high = e.attributes().real("high", 1);
  return fill_random(e, e.shape(0), [=](Random& random) { return low + (high - low) * random.uniform(); });
}

}  // namespace

extern const Op op_random_uniform_like;
const Op op_random_uniform_like{.name = "RandomUniformLike",
                                .since = {1, 22},
                                .types = numeric_types | complex_types | TypeSet{DType::boolean, DType::string},
                                .infer = infer,
                                .evaluate = evaluate,
                                .deterministic = false};

}  // namespace nacre
