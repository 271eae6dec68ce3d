// SequenceEmpty: a sequence without items.
// https://onnx.ai/onnx/operators/onnx__SequenceEmpty.html
#include "ops/op.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  const int64_t dtype = inference.attributes().integer("dtype", static_cast<int64_t>(DType::float32));
  if (dtype <= 0 || dtype >= kDTypeCount) return fail(ErrorCode::invalid_model, "dtype ", dtype, " does not exist");
  inference.set(0, Fact::sequence_of(Fact::tensor(static_cast<DType>(dtype))));
  return {};
}

Result<void> evaluate(Evaluation& e) {
  e.set(0, Value::sequence({}));
  return {};
}

}  // namespace

extern const Op op_sequence_empty;
const Op op_sequence_empty{.name = "SequenceEmpty", .since = {11}, .inputs = {0, 0}, .infer = infer, .evaluate = evaluate};

}  // namespace nacre
