// ReduceL1: the sum of absolute values over axes; 0 over nothing.
// https://onnx.ai/onnx/operators/onnx__ReduceL1.html
#include "ops/arithmetic.h"
#include "ops/reduction.h"

namespace nacre {
namespace {

template <class A>
struct Fold {
  using State = A;
  static A start(DType) { return 0; }
  static A step(A state, A x) { return x < 0 ? wrapping_sub(state, x) : wrapping_add(state, x); }
  static A finish(A state, int64_t) { return state; }
};

Result<void> infer(Inference& inference) { return infer_reduction(inference); }

}  // namespace

extern const Op op_reduce_l1;
const Op op_reduce_l1{.name = "ReduceL1",
                      .since = {1, 11, 13, 18},
                      .types = float_types | TypeSet{DType::int32, DType::int64, DType::uint32, DType::uint64},
                      .inputs = {1, 2},
                      .infer = infer,
                      .evaluate = reduce<Fold>,
                      .upgrade = upgrade_reduction,
                      .kind = OpKind::reduction};

}  // namespace nacre
