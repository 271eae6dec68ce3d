// ConstantOfShape: a tensor of the shape that the input spells, filled with one value (float32 zero by default).
// https://onnx.ai/onnx/operators/onnx__ConstantOfShape.html
#include "ops/movement.h"
#include "ops/shape_values.h"

namespace nacre {
namespace {

Result<Tensor> fill_value(const Attributes& attributes) {
  const Tensor* value = attributes.tensor("value");
  if (!value) return Tensor::scalar(0.0f);
  if (value->size() != 1) return fail(ErrorCode::invalid_model, "value ", describe(*value), " is not one element");
  return value->reshaped({});
}

Result<void> infer(Inference& inference) {
  const Tensor value = NACRE_TRY(fill_value(inference.attributes()));
  std::optional<SymShape> shape = NACRE_TRY(spelt_shape(inference, 0));
  if (shape)
    for (const SymDim& dim : *shape)
      if (dim.is_constant() && *dim.constant() < 0) return fail(ErrorCode::invalid_argument, "cannot fill shape ", *shape);
  inference.set(0, value.dtype(), shape);
  if (!shape || shape->size() > 1) return {};
  const std::optional<int64_t> count = product(*shape).constant();
  const auto values = Fact::of(value).values;
  if (count && values && *count <= kMaxTrackedValues)
    inference.set_values(0, std::vector<SymDim>(static_cast<size_t>(*count), (*values)[0]));
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const Tensor value = NACRE_TRY(fill_value(e.attributes()));
  const Shape shape = NACRE_TRY(e.integers(0));
  Tensor* y = NACRE_TRY(e.output(0, value.dtype(), shape));
  return copy_strided(value, 0, std::vector<int64_t>(shape.size(), 0), *y);
}

}  // namespace

extern const Op op_constant_of_shape;
const Op op_constant_of_shape{.name = "ConstantOfShape",
                              .since = {9, 20, 21, 23, 24, 25},
                              .types = {DType::int64},
                              .infer = infer,
                              .evaluate = evaluate,
                              .kind = OpKind::shape};

}  // namespace nacre
