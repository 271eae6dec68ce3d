// IsNaN: whether each element is not a number.
// https://onnx.ai/onnx/operators/onnx__IsNaN.html
#include "ops/elementwise.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  NACRE_TRY(same_as_input(inference));
  inference.set(0, DType::boolean, inference.input(0).shape);
  return {};
}

Result<void> evaluate(Evaluation& e) {
  return unary_float_to(e, DType::boolean, [](auto x) { return x != x; });
}

}  // namespace

extern const Op op_is_nan;
const Op op_is_nan{.name = "IsNaN",
                   .since = {9, 13, 20},
                   .types = float_types | TypeSet{DType::float8e4m3fn, DType::float8e4m3fnuz, DType::float8e5m2, DType::float8e5m2fnuz},
                   .infer = infer,
                   .evaluate = evaluate,
                   .kind = OpKind::elementwise};

}  // namespace nacre
