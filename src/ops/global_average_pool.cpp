// GlobalAveragePool: the mean over all spatial axes.
// https://onnx.ai/onnx/operators/onnx__GlobalAveragePool.html
#include <cmath>

#include "ops/pooling.h"

namespace nacre {
namespace {

double reduce(std::span<const double> plane, const Attributes&) {
  double sum = 0;
  for (double x : plane) sum += x;
  return sum / static_cast<double>(plane.size());
}

}  // namespace

extern const Op op_global_average_pool;
const Op op_global_average_pool{.name = "GlobalAveragePool",
                                .since = {1, 22},
                                .types = float_types,
                                .infer = infer_global_pool,
                                .evaluate = [](Evaluation& e) { return global_pool(e, reduce); },
                                .kind = OpKind::pooling};

}  // namespace nacre
