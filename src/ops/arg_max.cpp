// ArgMax: the position of the largest element along `axis`, the first of equals unless `select_last_index`; NaN counts as largest.
// https://onnx.ai/onnx/operators/onnx__ArgMax.html
#include "ops/arg_reduction.h"

namespace nacre {
namespace {

Result<void> evaluate(Evaluation& e) {
  return arg_along_axis(e, [](auto x, auto best) { return x > best; });
}

}  // namespace

extern const Op op_arg_max;
const Op op_arg_max{.name = "ArgMax",
                    .since = {1, 11, 12, 13},
                    .types = numeric_types,
                    .infer = infer_arg,
                    .evaluate = evaluate,
                    .kind = OpKind::reduction};

}  // namespace nacre
