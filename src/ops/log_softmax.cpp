// LogSoftmax: y = x - ln(sum of e^x) along `axis`, with the largest x subtracted first.
// https://onnx.ai/onnx/operators/onnx__LogSoftmax.html
#include "ops/softmax.h"

namespace nacre {
namespace {

template <class T>
void normalise(const T* x, T* y, int64_t count, int64_t stride) {
  const T top = largest(x, count, stride);
  double sum = 0;
  for (int64_t i = 0; i < count * stride; i += stride) sum += std::exp(x[i] - top);
  const T log_sum = static_cast<T>(std::log(sum));
  for (int64_t i = 0; i < count * stride; i += stride) y[i] = x[i] - top - log_sum;
}

Result<void> evaluate(Evaluation& e) {
  return along_axis(e, [](auto* x, auto* y, int64_t count, int64_t stride) { normalise(x, y, count, stride); });
}

}  // namespace

extern const Op op_log_softmax;
const Op op_log_softmax{.name = "LogSoftmax",
                        .since = {1, 11, 13},
                        .types = float_types,
                        .infer = infer_along_axis,
                        .evaluate = evaluate,
                        .upgrade = upgrade_coerced,
                        .kind = OpKind::normalisation,
                        .may_alias = 1};

}  // namespace nacre
