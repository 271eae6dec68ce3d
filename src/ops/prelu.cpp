// PRelu: y = x where x >= 0, else slope * x; the slope broadcasts to x.
// https://onnx.ai/onnx/operators/onnx__PRelu.html
#include "ops/arithmetic.h"
#include "ops/elementwise.h"

namespace nacre {
namespace {

// Opsets below 7 align a slope per channel with axis 1.
Result<void> upgrade(Upgrade& u) {
  u.node.attributes.erase("consumed_inputs");
  const auto &x = u.fact(0).shape, &slope = u.fact(1).shape;
  if (u.version >= 7 || !slope || slope->size() != 1 || (*slope)[0].is(1)) return {};
  if (!x) return fail(ErrorCode::invalid_model, "needs the rank of its input to align the slope with the channels");
  std::vector<int64_t> axes;
  for (size_t d = 2; d < x->size(); ++d) axes.push_back(static_cast<int64_t>(d) - 1);
  if (!axes.empty()) u.node.inputs[1] = u.builder.unsqueeze(u.node.inputs[1], axes);
  return {};
}

Result<void> infer(Inference& inference) {
  if (inference.shape(0) && inference.shape(1)) NACRE_TRY(broadcast(*inference.shape(0), *inference.shape(1)));
  return same_as_input(inference);
}

Result<void> evaluate(Evaluation& e) {
  if (NACRE_TRY(broadcast(e.shape(0), e.shape(1))) != e.shape(0))
    return fail(ErrorCode::invalid_argument, "slope ", describe(e.input(1)), " does not broadcast to ", describe(e.input(0)));
  return binary<[](auto x, auto slope) { return x < 0 ? wrapping_mul(x, slope) : x; }>(e);
}

Edge lower(Builder& b, const NodeView& n) {
  const Edge x = n.input(0);
  return b.where(b.add("Less", {x, b.scalar(0, x)}), b.mul(x, n.input(1)), x);
}

}  // namespace

extern const Op op_prelu;
const Op op_prelu{.name = "PRelu",
                  .since = {1, 6, 7, 9, 16},
                  .types = float_types | TypeSet{DType::int32, DType::int64, DType::uint32, DType::uint64},
                  .inputs = {2, 2},
                  .infer = infer,
                  .evaluate = evaluate,
                  .upgrade = upgrade,
                  .lower = lower,
                  .kind = OpKind::elementwise,
                  .may_alias = 1};

}  // namespace nacre
