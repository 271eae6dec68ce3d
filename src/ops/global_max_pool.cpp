// GlobalMaxPool: the largest element, NaN if there is one, over all spatial axes.
// https://onnx.ai/onnx/operators/onnx__GlobalMaxPool.html
#include <cmath>

#include "ops/pooling.h"

namespace nacre {
namespace {

double reduce(std::span<const double> plane, const Attributes&) {
  double best = -HUGE_VAL;
  for (double x : plane)
    if (x > best || x != x) best = x;
  return best;
}

}  // namespace

extern const Op op_global_max_pool;
const Op op_global_max_pool{.name = "GlobalMaxPool",
                            .since = {1, 22},
                            .types = float_types,
                            .infer = infer_global_pool,
                            .evaluate = [](Evaluation& e) { return global_pool(e, reduce); },
                            .kind = OpKind::pooling};

}  // namespace nacre
