// SequenceAt: the item at a position, negative ones counted from the end.
// https://onnx.ai/onnx/operators/onnx__SequenceAt.html
#include "ops/sequences.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  inference.set(0, item_of(inference, inference.input(0)));
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const std::vector<Value>& items = e.value(0).items();
  e.set(0, items[NACRE_TRY(checked_index(NACRE_TRY(e.integer(1)), static_cast<int64_t>(items.size()), "position"))]);
  return {};
}

}  // namespace

extern const Op op_sequence_at;
const Op op_sequence_at{.name = "SequenceAt", .since = {11}, .inputs = {2, 2}, .infer = infer, .evaluate = evaluate};

}  // namespace nacre
