// Unsqueeze: puts dimensions of size 1 at `axes`, which count in the output.
// https://onnx.ai/onnx/operators/onnx__Unsqueeze.html
#include <algorithm>

#include "ops/shape_values.h"

namespace nacre {
namespace {

template <class Dim>
Result<std::vector<Dim>> with_ones(const std::vector<Dim>& shape, std::vector<int64_t> given) {
  const auto rank = static_cast<int64_t>(shape.size() + given.size());
  const std::vector<int64_t> axes = NACRE_TRY(sorted_axes(std::move(given), rank));
  std::vector<Dim> out;
  auto next = shape.begin();
  for (int64_t d = 0; d < rank; ++d) out.push_back(std::binary_search(axes.begin(), axes.end(), d) ? Dim(1) : *next++);
  return out;
}

Result<void> infer(Inference& inference) {
  const SymShape* shape = inference.shape(0);
  const std::optional<std::vector<int64_t>> axes = inference.integers(1);
  if (!shape || !axes) {
    const std::optional<std::vector<SymDim>> given = NACRE_TRY(integer_elements(inference, 1));
    if (shape && given)
      inference.set(0, inference.dtype(0), inference.fresh_shape(shape->size() + given->size()));
    else
      inference.set(0, inference.dtype(0));
    return {};
  }
  SymShape out = NACRE_TRY(with_ones(*shape, *axes));
  const bool tracked = out.size() <= 1;
  inference.set(0, inference.dtype(0), std::move(out));
  if (tracked) keep_values(inference);
  return {};
}

Result<void> evaluate(Evaluation& e) { return give_reshaped(e, NACRE_TRY(with_ones(e.shape(0), NACRE_TRY(e.integers(1))))); }

// Below opset 13 the axes were an attribute.
Result<void> upgrade(Upgrade& u) {
  u.attribute_to_input("axes", 1);
  return u.builder.status();
}

}  // namespace

extern const Op op_unsqueeze;
const Op op_unsqueeze{.name = "Unsqueeze",
                      .since = {1, 11, 13, 21, 23, 24, 25},
                      .inputs = {2, 2},
                      .infer = infer,
                      .evaluate = evaluate,
                      .upgrade = upgrade,
                      .kind = OpKind::shape};

}  // namespace nacre
