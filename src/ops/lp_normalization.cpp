// LpNormalization: y = x / (sum of |x|^p)^(1/p) along `axis`, p 1 or 2; 0 where the norm is 0.
// https://onnx.ai/onnx/operators/onnx__LpNormalization.html
#include "ops/softmax.h"

namespace nacre {
namespace {

Result<void> evaluate(Evaluation& e) {
  const int64_t p = e.attributes().integer("p", 2);
  if (p != 1 && p != 2) return fail(ErrorCode::invalid_model, "p is ", p, ", not 1 or 2");
  return along_axis(e, [p]<class T>(const T* x, T* y, int64_t count, int64_t stride) {
    double sum = 0;
    for (int64_t i = 0; i < count * stride; i += stride) sum += p == 1 ? std::abs(x[i]) : static_cast<double>(x[i]) * x[i];
    const T norm = static_cast<T>(p == 1 ? sum : std::sqrt(sum));
    for (int64_t i = 0; i < count * stride; i += stride) y[i] = norm == 0 ? 0 : x[i] / norm;
  });
}

}  // namespace

extern const Op op_lp_normalization;
const Op op_lp_normalization{.name = "LpNormalization",
                             .since = {1, 22},
                             .types = float_types,
                             .infer = infer_along_axis,
                             .evaluate = evaluate,
                             .kind = OpKind::normalisation,
                             .may_alias = 1};

}  // namespace nacre
