// SequenceErase: the sequence without the item at a position (the last by default).
// https://onnx.ai/onnx/operators/onnx__SequenceErase.html
#include "ops/op.h"

namespace nacre {
namespace {

Result<void> evaluate(Evaluation& e) {
  std::vector<Value> items = e.value(0).items();
  const int64_t given = e.has(1) ? NACRE_TRY(e.integer(1)) : -1;
  items.erase(items.begin() + NACRE_TRY(checked_index(given, static_cast<int64_t>(items.size()), "position")));
  e.set(0, Value::sequence(std::move(items)));
  return {};
}

}  // namespace

extern const Op op_sequence_erase;
const Op op_sequence_erase{.name = "SequenceErase", .since = {11}, .inputs = {1, 2}, .infer = same_as_input, .evaluate = evaluate};

}  // namespace nacre
