// Size: the number of elements as an int64 scalar.
// https://onnx.ai/onnx/operators/onnx__Size.html
#include "ops/op.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  inference.set(0, DType::int64, SymShape{});
  if (const SymShape* shape = inference.shape(0)) inference.set_values(0, {product(*shape)});
  return {};
}

Result<void> evaluate(Evaluation& e) {
  Tensor* y = NACRE_TRY(e.output(0, DType::int64, {}));
  y->mutable_data<int64_t>()[0] = e.input(0).size();
  return {};
}

}  // namespace

extern const Op op_size;
const Op op_size{.name = "Size", .since = {1, 13, 19, 21, 23, 24, 25}, .infer = infer, .evaluate = evaluate, .kind = OpKind::shape};

}  // namespace nacre
