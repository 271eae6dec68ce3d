// SplitToSequence: cuts a tensor along an axis into a sequence: single slices, parts of one length, or of given lengths.
// https://onnx.ai/onnx/operators/onnx__SplitToSequence.html
#include <algorithm>

#include "ops/concatenation.h"
#include "ops/op.h"

namespace nacre {
namespace {

bool drops_axis(const Node& node) { return !node.has_input(1) && node.attributes.integer("keepdims", 1) == 0; }

Result<void> infer(Inference& inference) {
  std::optional<SymShape> shape;
  if (const SymShape* whole = inference.shape(0)) {
    shape = *whole;
    const int64_t axis = NACRE_TRY(inference.axis(inference.attributes().integer("axis", 0), static_cast<int64_t>(whole->size())));
    if (drops_axis(inference.node()))
      shape->erase(shape->begin() + axis);
    else
      (*shape)[axis] = inference.has(1) ? inference.fresh() : SymDim(1);
  }
  inference.set(0, Fact::sequence_of(Fact::tensor(inference.dtype(0), std::move(shape))));
  return {};
}

// A scalar is the length of each part but the last.
Result<std::vector<int64_t>> lengths(Evaluation& e, int64_t length) {
  if (e.has(1) && e.input(1).rank() == 1) return e.integers(1);
  const int64_t each = e.has(1) ? NACRE_TRY(e.integer(1)) : 1;
  if (each < 1) return fail(ErrorCode::invalid_argument, "cannot split into parts of ", each);
  std::vector<int64_t> out;
  for (int64_t left = length; left > 0; left -= each) out.push_back(std::min(left, each));
  return out;
}

Result<void> evaluate(Evaluation& e) {
  const Tensor& x = e.input(0);
  const int64_t axis = NACRE_TRY(checked_index(e.attributes().integer("axis", 0), x.rank(), "axis"));
  // Empty slices cost nothing to hold but a place in the list each.
  if (x.size() == 0 && x.shape()[axis] > INT32_MAX)
    return fail(ErrorCode::resource_exhausted, "cannot split ", describe(x), " into so many parts");
  std::vector<Value> items;
  int64_t begin = 0;
  for (int64_t length : NACRE_TRY(lengths(e, x.shape()[axis]))) {
    if (length < 0 || length > x.shape()[axis] - begin)
      return fail(ErrorCode::invalid_argument, "parts are longer than axis ", axis, " of ", describe(x));
    Shape shape = x.shape();
    shape[axis] = length;
    Tensor part = NACRE_TRY(e.scratch(x.dtype(), shape));
    copy_slices(x, axis, begin, part);
    begin += length;
    if (drops_axis(e.node())) shape.erase(shape.begin() + axis), part = part.reshaped(std::move(shape));
    items.emplace_back(std::move(part));
  }
  if (begin != x.shape()[axis]) return fail(ErrorCode::invalid_argument, "parts sum to ", begin, ", axis ", axis, " has ", x.shape()[axis]);
  e.set(0, Value::sequence(std::move(items)));
  return {};
}

}  // namespace

extern const Op op_split_to_sequence;
const Op op_split_to_sequence{
    .name = "SplitToSequence", .since = {11, 24}, .inputs = {1, 2}, .infer = infer, .evaluate = evaluate, .kind = OpKind::movement};

}  // namespace nacre
