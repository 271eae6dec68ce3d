// Constant: the value of an attribute. The importer turns it into a constant edge; the row serves graphs built by hand.
// https://onnx.ai/onnx/operators/onnx__Constant.html
#include "ops/op.h"

namespace nacre {
namespace {

template <class T>
Tensor vector_of(const std::vector<T>& values) {
  return Tensor::of<T>({static_cast<int64_t>(values.size())}, std::span<const T>(values));
}

Result<Tensor> constant_value(const Attributes& attributes) {
  if (const Tensor* value = attributes.tensor("value")) return *value;
  if (attributes.has("value_float")) return Tensor::scalar(attributes.real("value_float", 0));
  if (attributes.has("value_int")) return Tensor::scalar(attributes.integer("value_int", 0));
  if (attributes.has("value_string")) return Tensor::scalar(attributes.string("value_string", ""));
  if (attributes.has("value_floats")) return vector_of(attributes.reals("value_floats"));
  if (attributes.has("value_ints")) return vector_of(attributes.integers("value_ints"));
  if (attributes.has("value_strings")) return vector_of(attributes.strings("value_strings"));
  if (const Tensor* dense = attributes.tensor("sparse_value")) return *dense;
  return fail(ErrorCode::invalid_model, "has no value attribute");
}

Result<void> infer(Inference& inference) {
  inference.set(0, Fact::of(NACRE_TRY(constant_value(inference.attributes()))));
  return {};
}

Result<void> evaluate(Evaluation& e) {
  e.set(0, NACRE_TRY(constant_value(e.attributes())));
  return {};
}

}  // namespace

extern const Op op_constant;
const Op op_constant{.name = "Constant",
                     .since = {1, 9, 11, 12, 13, 19, 21, 23, 24, 25},
                     .inputs = {0, 0},
                     .infer = infer,
                     .evaluate = evaluate,
                     .kind = OpKind::shape};

}  // namespace nacre
