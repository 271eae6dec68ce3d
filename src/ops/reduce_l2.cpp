// ReduceL2: the square root of the sum of squares over axes; 0 over nothing.
// https://onnx.ai/onnx/operators/onnx__ReduceL2.html
#include "ops/reduction.h"

namespace nacre {
namespace {

struct Fold {
  using State = double;
  static State start(DType) { return 0; }
  static State step(State state, double x) { return state + x * x; }
  static double finish(State state, int64_t) { return std::sqrt(state); }
};

Result<void> infer(Inference& inference) { return infer_reduction(inference); }

}  // namespace

extern const Op op_reduce_l2;
const Op op_reduce_l2{.name = "ReduceL2",
                      .since = {1, 11, 13, 18},
                      .types = float_types | TypeSet{DType::int32, DType::int64, DType::uint32, DType::uint64},
                      .inputs = {1, 2},
                      .infer = infer,
                      .evaluate = reduce_real<Fold>,
                      .upgrade = upgrade_reduction,
                      .kind = OpKind::reduction};

}  // namespace nacre
