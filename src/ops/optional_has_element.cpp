// OptionalHasElement: false for an empty optional or an absent input, true for anything else.
// https://onnx.ai/onnx/operators/onnx__OptionalHasElement.html
#include "ops/op.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  inference.set(0, DType::boolean, SymShape{});
  return {};
}

Result<void> evaluate(Evaluation& e) {
  Tensor* y = NACRE_TRY(e.output(0, DType::boolean, {}));
  y->mutable_data<bool>()[0] = e.has(0) && (e.value(0).kind() != Value::Kind::optional || !e.value(0).items().empty());
  return {};
}

}  // namespace

extern const Op op_optional_has_element;
const Op op_optional_has_element{.name = "OptionalHasElement", .since = {15, 18}, .inputs = {0, 1}, .infer = infer, .evaluate = evaluate};

}  // namespace nacre
