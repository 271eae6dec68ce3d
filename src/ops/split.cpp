// Split: cuts a tensor along one axis, into the lengths given or into equal parts (the last may be smaller).
// https://onnx.ai/onnx/operators/onnx__Split.html
#include <algorithm>

#include "ops/concatenation.h"

namespace nacre {
namespace {

// Parts of ceil(length / count), the last what is left.
template <class Dim>
Dim even_part(const Dim& length, const Dim& each, int64_t part, int64_t count) {
  return part + 1 < count ? each : length - each * Dim(count - 1);
}

Result<void> check_count(const Attributes& attributes, size_t outputs) {
  const auto count = static_cast<int64_t>(outputs);
  if (attributes.integer("num_outputs", count) == count) return {};
  return fail(ErrorCode::invalid_model, "num_outputs is ", attributes.integer("num_outputs", 0), ", the node has ", count);
}

Result<void> infer(Inference& inference) {
  const SymShape* shape = inference.shape(0);
  const size_t count = inference.output_count();
  NACRE_TRY(check_count(inference.attributes(), count));
  if (!shape) {
    for (size_t i = 0; i < count; ++i) inference.set(i, inference.dtype(0));
    return {};
  }
  const SymShape whole = *shape;
  const int64_t axis = NACRE_TRY(inference.axis(inference.attributes().integer("axis", 0), static_cast<int64_t>(whole.size())));
  std::optional<SymShape> given;
  if (inference.has(1)) given = NACRE_TRY(spelt_shape(inference, 1));
  if (given && given->size() != count) return fail(ErrorCode::invalid_model, given->size(), " lengths for ", count, " outputs");
  if (SymDim sum = 0; given) {
    for (const SymDim& length : *given) sum = sum + length;
    if (sum.differs(whole[axis])) return fail(ErrorCode::invalid_argument, "lengths ", *given, " for an axis of ", whole[axis]);
  }
  const std::vector<SymDim>* values = whole.size() == 1 ? inference.values(0) : nullptr;
  const SymDim each = ceil_div(whole[axis], static_cast<int64_t>(count));
  int64_t begin = 0;
  for (size_t i = 0; i < count; ++i) {
    SymShape part = whole;
    if (given)
      part[axis] = (*given)[i];
    else
      part[axis] =
          inference.has(1) ? inference.fresh() : even_part(whole[axis], each, static_cast<int64_t>(i), static_cast<int64_t>(count));
    const std::optional<int64_t> length = part[axis].constant();
    if (length && *length < 0) return fail(ErrorCode::invalid_argument, "cannot cut ", whole, " into ", count, " parts");
    inference.set(i, inference.dtype(0), part);
    if (!length || !values || begin + *length > static_cast<int64_t>(values->size()))
      values = nullptr;
    else
      inference.set_values(i, std::vector<SymDim>(values->begin() + begin, values->begin() + begin + *length));
    begin += length.value_or(0);
  }
  return {};
}

Result<std::vector<int64_t>> lengths(Evaluation& e, int64_t length) {
  const auto count = static_cast<int64_t>(e.output_count());
  NACRE_TRY(check_count(e.attributes(), e.output_count()));
  std::vector<int64_t> out;
  if (e.has(1)) {
    out = NACRE_TRY(e.integers(1));
  } else {
    const int64_t each = (length + count - 1) / count;
    for (int64_t i = 0; i < count; ++i) out.push_back(even_part(length, each, i, count));
  }
  int64_t sum = 0;
  for (int64_t part : out) sum = NACRE_TRY(checked_add(sum, part));
  const bool negative = std::any_of(out.begin(), out.end(), [](int64_t part) { return part < 0; });
  if (negative || static_cast<int64_t>(out.size()) != count || sum != length)
    return fail(ErrorCode::invalid_argument, "lengths ", out, " for ", count, " outputs of an axis of ", length);
  return out;
}

Result<void> evaluate(Evaluation& e) {
  const int64_t axis = NACRE_TRY(checked_index(e.attributes().integer("axis", 0), e.input(0).rank(), "axis"));
  const std::vector<int64_t> parts = NACRE_TRY(lengths(e, e.shape(0)[axis]));
  int64_t begin = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    Shape shape = e.shape(0);
    shape[axis] = parts[i];
    Tensor* part = NACRE_TRY(e.output(i, shape));
    copy_slices(e.input(0), axis, begin, *part);
    begin += parts[i];
  }
  return {};
}

// Opset 1 had the lengths as an attribute or an input, 2 to 12 as an attribute; equal parts
// are said by num_outputs from 18 on.
Result<void> upgrade(Upgrade& u) {
  u.attribute_to_input("split", 1);
  if (u.version < 18 && !u.has(1)) u.node.attributes.set("num_outputs", static_cast<int64_t>(u.node.outputs.size()));
  return u.builder.status();
}

}  // namespace

extern const Op op_split;
const Op op_split{.name = "Split",
                  .since = {1, 2, 11, 13, 18},
                  .inputs = {1, 2},
                  .outputs = {1, kMany},
                  .infer = infer,
                  .evaluate = evaluate,
                  .upgrade = upgrade,
                  .kind = OpKind::movement};

}  // namespace nacre
