// ReduceSumSquare: the sum of squares over axes; 0 over nothing.
// https://onnx.ai/onnx/operators/onnx__ReduceSumSquare.html
#include "ops/arithmetic.h"
#include "ops/reduction.h"

namespace nacre {
namespace {

template <class A>
struct Fold {
  using State = A;
  static A start(DType) { return 0; }
  static A step(A state, A x) { return wrapping_add(state, wrapping_mul(x, x)); }
  static A finish(A state, int64_t) { return state; }
};

Result<void> infer(Inference& inference) { return infer_reduction(inference); }

}  // namespace

extern const Op op_reduce_sum_square;
const Op op_reduce_sum_square{.name = "ReduceSumSquare",
                              .since = {1, 11, 13, 18},
                              .types = float_types | TypeSet{DType::int32, DType::int64, DType::uint32, DType::uint64},
                              .inputs = {1, 2},
                              .infer = infer,
                              .evaluate = reduce<Fold>,
                              .upgrade = upgrade_reduction,
                              .kind = OpKind::reduction};

}  // namespace nacre
