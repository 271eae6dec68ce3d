// Optional: an optional that holds the input, or an empty one of the type given.
// https://onnx.ai/onnx/operators/onnx__Optional.html
#include "ops/op.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  Fact element = inference.input(0);
  const AttributeValue* type = inference.attributes().find("type");
  if (!inference.has(0) && type && std::holds_alternative<Fact>(*type)) element = std::get<Fact>(*type);
  element.values = nullptr;
  inference.set(0, Fact::optional_of(std::move(element)));
  return {};
}

Result<void> evaluate(Evaluation& e) {
  e.set(0, e.has(0) ? Value::optional(e.value(0)) : Value::optional());
  return {};
}

}  // namespace

extern const Op op_optional;
const Op op_optional{.name = "Optional", .since = {15}, .inputs = {0, 1}, .infer = infer, .evaluate = evaluate};

}  // namespace nacre
