// ReduceMean: the average over axes; NaN over nothing (0 for integers).
// https://onnx.ai/onnx/operators/onnx__ReduceMean.html
#include "ops/arithmetic.h"
#include "ops/reduction.h"

namespace nacre {
namespace {

template <class A>
struct Fold {
  using State = A;
  static A start(DType) { return 0; }
  static A step(A state, A x) { return wrapping_add(state, x); }
  static A finish(A state, int64_t count) {
    if constexpr (std::is_integral_v<A>)
      return count ? state / static_cast<A>(count) : 0;
    else
      return state / static_cast<A>(count);
  }
};

Result<void> infer(Inference& inference) { return infer_reduction(inference); }

}  // namespace

extern const Op op_reduce_mean;
const Op op_reduce_mean{.name = "ReduceMean",
                        .since = {1, 11, 13, 18},
                        .types = float_types | TypeSet{DType::int32, DType::int64, DType::uint32, DType::uint64},
                        .inputs = {1, 2},
                        .infer = infer,
                        .evaluate = reduce<Fold>,
                        .upgrade = upgrade_reduction,
                        .kind = OpKind::reduction};

}  // namespace nacre
