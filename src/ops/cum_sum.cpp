// CumSum: the running sum along an axis; `exclusive` leaves the element itself out, `reverse` runs from the end.
// https://onnx.ai/onnx/operators/onnx__CumSum.html
#include "ops/arithmetic.h"
#include "ops/scan_axis.h"

namespace nacre {
namespace {

Result<void> evaluate(Evaluation& e) {
  return scan_axis(e, 0, [](auto total, auto x) { return wrapping_add(total, x); });
}

}  // namespace

extern const Op op_cum_sum;
const Op op_cum_sum{.name = "CumSum",
                    .since = {11, 14},
                    .types = float_types | TypeSet{DType::int32, DType::int64, DType::uint32, DType::uint64},
                    .inputs = {2, 2},
                    .infer = same_as_input,
                    .evaluate = evaluate,
                    .may_alias = 1};

}  // namespace nacre
