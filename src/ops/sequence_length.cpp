// SequenceLength: the number of items as an int64 scalar.
// https://onnx.ai/onnx/operators/onnx__SequenceLength.html
#include "ops/op.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  inference.set(0, DType::int64, SymShape{});
  return {};
}

Result<void> evaluate(Evaluation& e) {
  Tensor* y = NACRE_TRY(e.output(0, DType::int64, {}));
  y->mutable_data<int64_t>()[0] = static_cast<int64_t>(e.value(0).items().size());
  return {};
}

}  // namespace

extern const Op op_sequence_length;
const Op op_sequence_length{.name = "SequenceLength", .since = {11}, .infer = infer, .evaluate = evaluate};

}  // namespace nacre
