// Hardmax: 1 at the first largest element along `axis`, 0 elsewhere.
// https://onnx.ai/onnx/operators/onnx__Hardmax.html
#include "ops/softmax.h"

namespace nacre {
namespace {

template <class T>
void normalise(const T* x, T* y, int64_t count, int64_t stride) {
  const T top = largest(x, count, stride);
  bool found = false;
  for (int64_t i = 0; i < count * stride; i += stride) {
    const bool here = !found && (x[i] == top || x[i] != x[i]);
    y[i] = here ? 1 : 0;
    found |= here;
  }
}

Result<void> evaluate(Evaluation& e) {
  return along_axis(e, [](auto* x, auto* y, int64_t count, int64_t stride) { normalise(x, y, count, stride); });
}

}  // namespace

extern const Op op_hardmax;
const Op op_hardmax{.name = "Hardmax",
                    .since = {1, 11, 13},
                    .types = float_types,
                    .infer = infer_along_axis,
                    .evaluate = evaluate,
                    .upgrade = upgrade_coerced,
                    .kind = OpKind::normalisation,
                    .may_alias = 1};

}  // namespace nacre
