// Equal: z = x == y, of numbers, bools and strings; NaN equals nothing.
// https://onnx.ai/onnx/operators/onnx__Equal.html
#include "ops/arithmetic.h"
#include "ops/logic.h"

namespace nacre {
namespace {

// The result is tracked as 0 and 1, for the Where that exporters put behind a comparison of shapes.
Result<void> infer(Inference& inference) {
  NACRE_TRY(broadcast_to_bool(inference));
  return track_pairs(inference, [](const SymDim& a, const SymDim& b) -> std::optional<SymDim> {
    if (a == b) return SymDim(1);
    return a.differs(b) || (b.is(-1) && is_never_negative(a)) ? std::optional(SymDim(0)) : std::nullopt;
  });
}

Result<void> equal_strings(Evaluation& e) {
  Tensor* z = NACRE_TRY(e.output(0, DType::boolean, NACRE_TRY(broadcast(e.shape(0), e.shape(1)))));
  const Shape* shapes[] = {&e.shape(0), &e.shape(1)};
  zip_elements(static_cast<const std::string*>(e.input(0).raw()), static_cast<const std::string*>(e.input(1).raw()),
               static_cast<bool*>(z->mutable_raw()), BroadcastWalk(z->shape(), shapes),
               [](const std::string& a, const std::string& b) { return a == b; });
  return {};
}

Result<void> evaluate(Evaluation& e) {
  if (e.dtype(0) != e.dtype(1)) return fail(ErrorCode::invalid_argument, "compares ", e.dtype(0), " with ", e.dtype(1));
  if (e.dtype(0) == DType::string) return equal_strings(e);
  if (e.dtype(0) == DType::boolean) return logical<[](bool a, bool b) { return a == b; }>(e);
  return compare<[](auto a, auto b) { return a == b; }>(e);
}

}  // namespace

extern const Op op_equal;
const Op op_equal{.name = "Equal",
                  .since = {1, 7, 11, 13, 19},
                  .types = numeric_types | TypeSet{DType::boolean, DType::string},
                  .inputs = {2, 2},
                  .infer = infer,
                  .evaluate = evaluate,
                  .upgrade = upgrade_axis_broadcast,
                  .kind = OpKind::elementwise};

}  // namespace nacre
