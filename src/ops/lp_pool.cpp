// LpPool: the p-norm of each window.
// https://onnx.ai/onnx/operators/onnx__LpPool.html
#include <cmath>

#include "ops/pooling.h"

namespace nacre {
namespace {

Result<void> evaluate(Evaluation& e) {
  const Pool pool = NACRE_TRY(plan_pool(e));
  const double p = static_cast<double>(e.attributes().integer("p", 2));
  Tensor* y = NACRE_TRY(e.output(0, pool.shape));
  return sum_pool(
      e, pool, *y, [p](double x) { return std::pow(std::abs(x), p); }, [p](double sum, int64_t) { return std::pow(sum, 1 / p); });
}

}  // namespace

extern const Op op_lp_pool;
const Op op_lp_pool{.name = "LpPool",
                    .since = {1, 2, 11, 18, 22},
                    .types = float_types,
                    .infer = infer_pool,
                    .evaluate = evaluate,
                    .upgrade = upgrade_float_p,
                    .kind = OpKind::pooling};

}  // namespace nacre
