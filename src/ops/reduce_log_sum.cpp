// ReduceLogSum: the logarithm of the sum over axes; minus infinity over nothing.
// https://onnx.ai/onnx/operators/onnx__ReduceLogSum.html
#include "ops/reduction.h"

namespace nacre {
namespace {

struct Fold {
  using State = double;
  static State start(DType) { return 0; }
  static State step(State state, double x) { return state + x; }
  static double finish(State state, int64_t) { return std::log(state); }
};

Result<void> infer(Inference& inference) { return infer_reduction(inference); }

}  // namespace

extern const Op op_reduce_log_sum;
const Op op_reduce_log_sum{.name = "ReduceLogSum",
                           .since = {1, 11, 13, 18},
                           .types = float_types | TypeSet{DType::int32, DType::int64, DType::uint32, DType::uint64},
                           .inputs = {1, 2},
                           .infer = infer,
                           .evaluate = reduce_real<Fold>,
                           .upgrade = upgrade_reduction,
                           .kind = OpKind::reduction};

}  // namespace nacre
