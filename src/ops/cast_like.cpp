// CastLike: the first input converted to the type of the second.
// https://onnx.ai/onnx/operators/onnx__CastLike.html
#include "ops/dtype_attribute.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  inference.set(0, inference.dtype(1), inference.input(0).shape);
  return {};
}

Result<void> evaluate(Evaluation& e) { return convert_input(e, e.dtype(1)); }

Edge lower(Builder& b, const NodeView& n) {
  Attributes attributes = n.attributes();
  if (n.fact(1).dtype == DType::undefined) return kAbsent;
  attributes.set("to", static_cast<int64_t>(n.fact(1).dtype));
  return b.add("Cast", {n.input(0)}, std::move(attributes));
}

}  // namespace

extern const Op op_cast_like;
const Op op_cast_like{.name = "CastLike",
                      .since = {15, 19, 21, 23, 24, 25},
                      .types = numeric_types | float8_types | packed_types | TypeSet{DType::boolean, DType::string},
                      .inputs = {2, 2},
                      .infer = infer,
                      .evaluate = evaluate,
                      .lower = lower,
                      .kind = OpKind::elementwise};

}  // namespace nacre
