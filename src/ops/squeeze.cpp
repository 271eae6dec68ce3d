// Squeeze: drops dimensions of size 1, those in `axes` or all.
// https://onnx.ai/onnx/operators/onnx__Squeeze.html
#include <algorithm>

#include "ops/shape_values.h"

namespace nacre {
namespace {

// The output's rank may be all that is known.
Result<void> infer_rank(Inference& inference, const SymShape* shape) {
  std::optional<std::vector<SymDim>> axes;
  if (inference.has(1)) axes = NACRE_TRY(integer_elements(inference, 1));
  const DType dtype = inference.dtype(0);
  if (!shape || !axes || axes->size() > shape->size())
    inference.set(0, dtype);
  else
    inference.set(0, dtype, inference.fresh_shape(shape->size() - axes->size()));
  return {};
}

Result<void> infer(Inference& inference) {
  const SymShape* shape = inference.shape(0);
  const std::optional<std::vector<int64_t>> given = inference.integers(1);
  if (!shape || (inference.has(1) && !given)) return infer_rank(inference, shape);
  const bool all_known = std::all_of(shape->begin(), shape->end(), [](const SymDim& dim) { return dim.is_constant(); });
  if (!given && !all_known) return inference.set(0, inference.dtype(0)), Result<void>();
  const std::vector<int64_t> axes = NACRE_TRY(sorted_axes(given.value_or(std::vector<int64_t>{}), static_cast<int64_t>(shape->size())));
  SymShape out;
  for (size_t d = 0; d < shape->size(); ++d) {
    const SymDim& dim = (*shape)[d];
    const bool dropped = given ? std::binary_search(axes.begin(), axes.end(), static_cast<int64_t>(d)) : dim.is(1);
    if (dropped && dim.differs(1)) return fail(ErrorCode::invalid_argument, "cannot squeeze axis ", d, " of ", *shape, ": it is ", dim);
    if (!dropped) out.push_back(dim);
  }
  const bool tracked = out.size() <= 1;
  inference.set(0, inference.dtype(0), std::move(out));
  if (tracked) keep_values(inference);
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const Shape& shape = e.shape(0);
  std::vector<int64_t> axes;
  if (e.has(1)) axes = NACRE_TRY(sorted_axes(NACRE_TRY(e.integers(1)), e.input(0).rank()));
  Shape out;
  for (size_t d = 0; d < shape.size(); ++d) {
    const bool dropped = e.has(1) ? std::binary_search(axes.begin(), axes.end(), static_cast<int64_t>(d)) : shape[d] == 1;
    if (dropped && shape[d] != 1) return fail(ErrorCode::invalid_argument, "cannot squeeze axis ", d, " of ", shape, ": it is ", shape[d]);
    if (!dropped) out.push_back(shape[d]);
  }
  return give_reshaped(e, std::move(out));
}

// Below opset 13 the axes were an attribute.
Result<void> upgrade(Upgrade& u) {
  u.attribute_to_input("axes", 1);
  return u.builder.status();
}

}  // namespace

extern const Op op_squeeze;
const Op op_squeeze{.name = "Squeeze",
                    .since = {1, 11, 13, 21, 23, 24, 25},
                    .inputs = {1, 2},
                    .infer = infer,
                    .evaluate = evaluate,
                    .upgrade = upgrade,
                    .kind = OpKind::shape};

}  // namespace nacre
