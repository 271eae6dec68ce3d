// Hardmax: 1 at the first largest element along `axis`, 0 elsewhere.
// https://onnx.ai/onnx/operators/onnx__Hardmax.html
#include "ops/softmax.h"

namespace nacre {
namespace {

template <class T>
void normalise(const T* x, T* y, int64_t count, int64_t stride) {
  const T top = largest(x, count, stride);
  int64_t place = 0;  // of the first largest, or the first NaN; in place: found before anything is written
  while (place < count * stride && x[place] == x[place] && x[place] != top) place += stride;
  for (int64_t i = 0; i < count * stride; i += stride) y[i] = 0;
  y[place] = 1;
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
