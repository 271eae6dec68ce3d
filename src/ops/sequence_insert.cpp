// SequenceInsert: the sequence with one more item, at a position or at the end.
// https://onnx.ai/onnx/operators/onnx__SequenceInsert.html
#include "ops/op.h"

namespace nacre {
namespace {

/// Items of other kinds (ZipMap makes maps) or another dtype are not a tensor's company.
bool differs(const Fact& item, const Fact& tensor) {
  if (item.kind == Fact::Kind::unknown || tensor.kind == Fact::Kind::unknown) return false;
  return item.kind != tensor.kind || (item.dtype != tensor.dtype && item.dtype != DType::undefined && tensor.dtype != DType::undefined);
}

Result<void> infer(Inference& inference) {
  const Fact sequence = inference.input(0);
  if (sequence.element && differs(*sequence.element, inference.input(1)))
    return fail(ErrorCode::invalid_model, "cannot put ", inference.input(1), " into ", sequence);
  Fact element = sequence.element ? join(*sequence.element, inference.input(1), inference) : inference.input(1);
  element.values = nullptr;
  inference.set(0, Fact::sequence_of(std::move(element)));
  return {};
}

Result<void> evaluate(Evaluation& e) {
  std::vector<Value> items = e.value(0).items();
  const auto count = static_cast<int64_t>(items.size());
  const int64_t given = e.has(2) ? NACRE_TRY(e.integer(2)) : count, at = given < 0 ? given + count : given;
  if (at < 0 || at > count) return fail(ErrorCode::invalid_argument, "position ", given, " is outside [", -count, ", ", count, "]");
  if (count > 0 && differs(Fact::of(items[0]), Fact::of(e.value(1))))
    return fail(ErrorCode::invalid_argument, "cannot put ", describe(e.input(1)), " into ", Fact::of(e.value(0)));
  items.insert(items.begin() + at, e.value(1));
  e.set(0, Value::sequence(std::move(items)));
  return {};
}

}  // namespace

extern const Op op_sequence_insert;
const Op op_sequence_insert{.name = "SequenceInsert", .since = {11}, .inputs = {2, 3}, .infer = infer, .evaluate = evaluate};

}  // namespace nacre
