// SequenceConstruct: a sequence of the inputs.
// https://onnx.ai/onnx/operators/onnx__SequenceConstruct.html
#include "ops/op.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  Fact element = inference.input(0);
  for (size_t i = 1; i < inference.input_count(); ++i) element = join(element, inference.input(i), inference);
  element.values = nullptr;
  inference.set(0, Fact::sequence_of(std::move(element)));
  return {};
}

Result<void> evaluate(Evaluation& e) {
  std::vector<Value> items;
  for (size_t i = 0; i < e.input_count(); ++i) {
    if (e.dtype(i) != e.dtype(0))
      return fail(ErrorCode::invalid_argument, "input ", i, " is ", describe(e.input(i)), ", the first ", e.dtype(0));
    items.push_back(e.value(i));
  }
  e.set(0, Value::sequence(std::move(items)));
  return {};
}

}  // namespace

extern const Op op_sequence_construct;
const Op op_sequence_construct{.name = "SequenceConstruct", .since = {11}, .inputs = {1, kMany}, .infer = infer, .evaluate = evaluate};

}  // namespace nacre
