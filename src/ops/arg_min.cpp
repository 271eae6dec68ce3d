// ArgMin: the position of the smallest element along `axis`, the first of equals unless `select_last_index`; NaN counts as smallest.
// https://onnx.ai/onnx/operators/onnx__ArgMin.html
#include "ops/arg_reduction.h"

namespace nacre {
namespace {

Result<void> evaluate(Evaluation& e) {
  return arg_along_axis(e, [](auto x, auto best) { return x < best; });
}

}  // namespace

extern const Op op_arg_min;
const Op op_arg_min{.name = "ArgMin",
                    .since = {1, 11, 12, 13},
                    .types = numeric_types,
                    .infer = infer_arg,
                    .evaluate = evaluate,
                    .kind = OpKind::reduction};

}  // namespace nacre
