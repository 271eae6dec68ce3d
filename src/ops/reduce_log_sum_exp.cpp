// ReduceLogSumExp: ln(sum of e^x) over axes; minus infinity over nothing.
// https://onnx.ai/onnx/operators/onnx__ReduceLogSumExp.html
#include "ops/reduction.h"

namespace nacre {
namespace {

// The sum is kept relative to the largest x so far, so that e^x cannot overflow.
struct Fold {
  struct State {
    double top, sum;
  };
  static State start(DType) { return {-std::numeric_limits<double>::infinity(), 0}; }
  static State step(State state, double x) {
    if (x == state.top) return {x, state.sum + 1};  // infinities too, whose difference would be NaN
    if (x > state.top) return {x, state.sum * std::exp(state.top - x) + 1};
    return {state.top, state.sum + std::exp(x - state.top)};
  }
  static double finish(State state, int64_t) { return state.top + std::log(state.sum); }
};

Result<void> infer(Inference& inference) { return infer_reduction(inference); }

}  // namespace

extern const Op op_reduce_log_sum_exp;
const Op op_reduce_log_sum_exp{.name = "ReduceLogSumExp",
                               .since = {1, 11, 13, 18},
                               .types = float_types | TypeSet{DType::int32, DType::int64, DType::uint32, DType::uint64},
                               .inputs = {1, 2},
                               .infer = infer,
                               .evaluate = reduce_real<Fold>,
                               .upgrade = upgrade_reduction,
                               .kind = OpKind::reduction};

}  // namespace nacre
