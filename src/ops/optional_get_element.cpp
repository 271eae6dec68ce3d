// OptionalGetElement: what the optional holds; a tensor or sequence is given as it is.
// https://onnx.ai/onnx/operators/onnx__OptionalGetElement.html
#include "ops/op.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  const Fact fact = inference.input(0);
  inference.set(0, fact.kind == Fact::Kind::optional ? *fact.element : fact);
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const Value& value = e.value(0);
  if (value.kind() != Value::Kind::optional) return e.set(0, value), Result<void>();
  if (value.items().empty()) return fail(ErrorCode::invalid_argument, "the optional holds nothing");
  e.set(0, value.items()[0]);
  return {};
}

}  // namespace

extern const Op op_optional_get_element;
const Op op_optional_get_element{.name = "OptionalGetElement", .since = {15, 18}, .infer = infer, .evaluate = evaluate};

}  // namespace nacre
