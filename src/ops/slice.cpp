// Slice: x[start:end:step] along some axes, with numpy's clamping.
// https://onnx.ai/onnx/operators/onnx__Slice.html
#include <algorithm>

#include "ops/movement.h"
#include "ops/shape_values.h"

namespace nacre {
namespace {

struct Cut {
  int64_t begin, step, length;
};

Cut cut(int64_t dim, int64_t start, int64_t end, int64_t step) {
  const int64_t low = step > 0 ? 0 : -1, high = step > 0 ? dim : dim - 1;
  auto clamp = [&](int64_t at) { return std::clamp(at < 0 ? at + dim : at, low, high); };
  const int64_t begin = clamp(start), distance = clamp(end) - begin;
  // 0 - uint64: the size of a step of INT64_MIN too.
  const uint64_t stride = step > 0 ? static_cast<uint64_t>(step) : 0 - static_cast<uint64_t>(step);
  const uint64_t way = step > 0 ? std::max<int64_t>(distance, 0) : std::max<int64_t>(-distance, 0);
  return {begin, step, static_cast<int64_t>(way / stride + (way % stride != 0))};
}

// The length for dims and bounds that are symbols; empty when it depends on their signs.
std::optional<SymDim> symbolic_length(const SymDim& dim, const SymDim& start, const SymDim& end, int64_t step) {
  const std::optional<int64_t> from = start.constant(), to = end.constant();
  if (dim.is_constant() && from && to) return cut(*dim.constant(), *from, *to, step).length;
  constexpr int64_t kFar = INT32_MAX;  // exporters write INT32_MAX or INT64_MAX for "to the end"
  if (step < 0) {
    if (from && to && (*from == -1 || *from >= kFar) && *to <= -kFar) return ceil_div(dim, -step);
    return std::nullopt;
  }
  if ((!from && may_be_negative(start)) || (!to && may_be_negative(end))) return std::nullopt;
  const bool to_end = (to && *to >= kFar) || end == dim;
  SymDim length;
  if (from && *from < 0 && to_end)
    length = min(dim, -*from);
  else if (start.is(0))
    length = to_end ? dim : to && *to < 0 ? max(dim + end, 0) : min(end, dim);
  else if (to_end)
    length = max(dim - start, 0);
  else {
    const SymDim begin = from && *from < 0 ? max(dim + start, 0) : min(start, dim);
    const SymDim stop = to && *to < 0 ? max(dim + end, 0) : min(end, dim);
    length = max(stop - begin, 0);
  }
  return ceil_div(length, step);
}

std::vector<int64_t> first_axes(size_t count) {
  std::vector<int64_t> out;
  for (size_t i = 0; i < count; ++i) out.push_back(static_cast<int64_t>(i));
  return out;
}

Result<void> check_lists(size_t starts, size_t ends, size_t axes, size_t steps) {
  if (starts == ends && starts == axes && starts == steps) return {};
  return fail(ErrorCode::invalid_argument, starts, " starts, ", ends, " ends, ", axes, " axes and ", steps, " steps");
}

Result<void> track_values(Inference& inference, int64_t start, int64_t end, int64_t step) {
  const std::vector<SymDim>* values = inference.values(0);
  if (!values) return {};
  const Cut c = cut(static_cast<int64_t>(values->size()), start, end, step);
  std::vector<SymDim> out;
  for (int64_t i = 0; i < c.length; ++i) out.push_back((*values)[c.begin + i * c.step]);
  inference.set_values(0, std::move(out));
  return {};
}

Result<void> infer(Inference& inference) {
  const SymShape* shape = inference.shape(0);
  if (!shape) return inference.set(0, inference.dtype(0)), Result<void>();
  const auto rank = static_cast<int64_t>(shape->size());
  const auto starts = NACRE_TRY(integer_elements(inference, 1)), ends = NACRE_TRY(integer_elements(inference, 2));
  const size_t count = starts ? starts->size() : 0;
  const auto axes = inference.has(3) ? inference.integers(3) : std::optional(first_axes(count));
  const auto steps = inference.has(4) ? inference.integers(4) : std::optional(std::vector<int64_t>(count, 1));
  SymShape out = *shape;
  if (!starts || !ends || !axes) {
    inference.set(0, inference.dtype(0), inference.fresh_shape(out.size()));
    return {};
  }
  NACRE_TRY(check_lists(count, ends->size(), axes->size(), steps ? steps->size() : count));
  std::vector<bool> seen(shape->size());
  for (size_t i = 0; i < count; ++i) {
    const int64_t axis = NACRE_TRY(inference.axis((*axes)[i], rank));
    if (seen[axis]) return fail(ErrorCode::invalid_argument, "an axis comes twice: ", axis);
    seen[axis] = true;
    if (steps && (*steps)[i] == 0) return fail(ErrorCode::invalid_argument, "a step of 0");
    const auto length = steps ? symbolic_length((*shape)[axis], (*starts)[i], (*ends)[i], (*steps)[i]) : std::nullopt;
    out[axis] = length ? *length : inference.fresh();
  }
  inference.set(0, inference.dtype(0), std::move(out));
  const bool tracked = rank == 1 && count == 1 && steps && (*starts)[0].is_constant() && (*ends)[0].is_constant();
  return tracked ? track_values(inference, *(*starts)[0].constant(), *(*ends)[0].constant(), (*steps)[0]) : Result<void>();
}

Result<void> evaluate(Evaluation& e) {
  const std::vector<int64_t> starts = NACRE_TRY(e.integers(1)), ends = NACRE_TRY(e.integers(2));
  const std::vector<int64_t> axes = e.has(3) ? NACRE_TRY(e.integers(3)) : first_axes(starts.size());
  const std::vector<int64_t> steps = e.has(4) ? NACRE_TRY(e.integers(4)) : std::vector<int64_t>(starts.size(), 1);
  NACRE_TRY(check_lists(starts.size(), ends.size(), axes.size(), steps.size()));
  Shape shape = e.shape(0);
  std::vector<int64_t> strides = row_major_strides(shape);
  std::vector<bool> seen(shape.size());
  int64_t base = 0;
  for (size_t i = 0; i < starts.size(); ++i) {
    const int64_t axis = NACRE_TRY(checked_index(axes[i], e.input(0).rank(), "axis"));
    if (steps[i] == 0 || seen[axis])
      return fail(ErrorCode::invalid_argument, seen[axis] ? "an axis comes twice: " : "a step of 0 on axis ", axis);
    seen[axis] = true;
    const Cut c = cut(shape[axis], starts[i], ends[i], steps[i]);
    // A single slice takes no step, however large the step is.
    if (c.length > 0) base += c.begin * strides[axis];
    strides[axis] = c.length > 1 ? strides[axis] * c.step : 0;
    shape[axis] = c.length;
  }
  Tensor* y = NACRE_TRY(e.output(0, shape));
  return copy_strided(e.input(0), base, strides, *y);
}

// Below opset 10 everything was an attribute.
Result<void> upgrade(Upgrade& u) {
  u.attribute_to_input("starts", 1);
  u.attribute_to_input("ends", 2);
  u.attribute_to_input("axes", 3);
  return u.builder.status();
}

}  // namespace

extern const Op op_slice;
const Op op_slice{.name = "Slice",
                  .since = {1, 10, 11, 13},
                  .inputs = {3, 5},
                  .infer = infer,
                  .evaluate = evaluate,
                  .upgrade = upgrade,
                  .kind = OpKind::movement};

}  // namespace nacre
