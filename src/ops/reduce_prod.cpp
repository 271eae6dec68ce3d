// ReduceProd: the product over axes; 1 over nothing.
// https://onnx.ai/onnx/operators/onnx__ReduceProd.html
#include "ops/arithmetic.h"
#include "ops/reduction.h"

namespace nacre {
namespace {

template <class A>
struct Fold {
  using State = A;
  static A start(DType) { return 1; }
  static A step(A state, A x) { return wrapping_mul(state, x); }
  static A finish(A state, int64_t) { return state; }
};

Result<void> infer(Inference& inference) {
  return infer_reduction(inference, [](const SymDim& a, const SymDim& b) { return a * b; });
}

}  // namespace

extern const Op op_reduce_prod;
const Op op_reduce_prod{.name = "ReduceProd",
                        .since = {1, 11, 13, 18},
                        .types = float_types | TypeSet{DType::int32, DType::int64, DType::uint32, DType::uint64},
                        .inputs = {1, 2},
                        .infer = infer,
                        .evaluate = reduce<Fold>,
                        .upgrade = upgrade_reduction,
                        .kind = OpKind::reduction};

}  // namespace nacre
