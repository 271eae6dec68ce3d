// ReduceMin: the smallest over axes, NaN if one is; the highest value of the type over nothing.
// https://onnx.ai/onnx/operators/onnx__ReduceMin.html
#include "ops/reduction.h"

namespace nacre {
namespace {

template <class A>
struct Fold {
  using State = A;
  static constexpr bool joins_by_step = true;
  static A start(DType dtype) { return highest_of<A>(dtype); }
  static A step(A state, A x) { return x < state || x != x ? x : state; }
  static A finish(A state, int64_t) { return state; }
};

Result<void> infer(Inference& inference) {
  return infer_reduction(inference, [](const SymDim& a, const SymDim& b) { return min(a, b); });
}

}  // namespace

extern const Op op_reduce_min;
const Op op_reduce_min{
    .name = "ReduceMin",
    .since = {1, 11, 12, 13, 18, 20},
    .types = float_types | TypeSet{DType::boolean, DType::int32, DType::int64, DType::int8, DType::uint32, DType::uint64, DType::uint8},
    .inputs = {1, 2},
    .infer = infer,
    .evaluate = reduce<Fold>,
    .upgrade = upgrade_reduction,
    .kind = OpKind::reduction};

}  // namespace nacre
