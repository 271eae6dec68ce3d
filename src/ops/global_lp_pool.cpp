// GlobalLpPool: the p-norm over all spatial axes.
// https://onnx.ai/onnx/operators/onnx__GlobalLpPool.html
#include <cmath>

#include "ops/pooling.h"

namespace nacre {
namespace {

double reduce(std::span<const double> plane, const Attributes& attributes) {
  const double p = static_cast<double>(attributes.integer("p", 2));
  double sum = 0;
  for (double x : plane) sum += std::pow(std::abs(x), p);
  return std::pow(sum, 1 / p);
}

}  // namespace

extern const Op op_global_lp_pool;
const Op op_global_lp_pool{.name = "GlobalLpPool",
                           .since = {1, 2, 22},
                           .types = float_types,
                           .infer = infer_global_pool,
                           .evaluate = [](Evaluation& e) { return global_pool(e, reduce); },
                           .upgrade = upgrade_float_p,
                           .kind = OpKind::pooling};

}  // namespace nacre
