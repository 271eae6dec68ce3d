// ConcatFromSequence: joins the items along an axis, a new one if asked (numpy's concatenate and stack).
// https://onnx.ai/onnx/operators/onnx__ConcatFromSequence.html
#include "ops/concatenation.h"
#include "ops/sequences.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  const Fact element = item_of(inference, inference.input(0));
  const Attributes& attributes = inference.attributes();
  std::optional<SymShape> shape = element.shape;
  if (shape) {
    const bool stacks = attributes.integer("new_axis", 0) != 0;
    const int64_t axis = NACRE_TRY(inference.axis(attributes.integer("axis", 0), static_cast<int64_t>(shape->size() + stacks)));
    if (stacks)
      shape->insert(shape->begin() + axis, inference.fresh());
    else
      (*shape)[axis] = inference.fresh();
  }
  inference.set(0, element.dtype, std::move(shape));
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const std::vector<Value>& items = e.value(0).items();
  if (items.empty()) return fail(ErrorCode::invalid_argument, "the sequence has no items to join");
  const bool stacks = e.attributes().integer("new_axis", 0) != 0;
  const int64_t given = e.attributes().integer("axis", 0);
  std::vector<Tensor> parts;
  std::vector<const Tensor*> pointers;
  for (const Value& item : items) {
    Shape shape = item.tensor().shape();
    if (stacks) shape.insert(shape.begin() + NACRE_TRY(checked_index(given, static_cast<int64_t>(shape.size()) + 1, "axis")), 1);
    parts.push_back(item.tensor().reshaped(std::move(shape)));
  }
  for (const Tensor& part : parts) pointers.push_back(&part);
  return concatenate(e, pointers, given);
}

}  // namespace

extern const Op op_concat_from_sequence;
const Op op_concat_from_sequence{
    .name = "ConcatFromSequence", .since = {11}, .infer = infer, .evaluate = evaluate, .kind = OpKind::movement};

}  // namespace nacre
