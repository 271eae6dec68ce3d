// IsInf: whether each element is an infinity of a sign that is asked for.
// https://onnx.ai/onnx/operators/onnx__IsInf.html
#include "ops/elementwise.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  inference.set(0, DType::boolean, inference.input(0).shape);
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const bool negative = e.attributes().integer("detect_negative", 1) != 0, positive = e.attributes().integer("detect_positive", 1) != 0;
  return unary_float_to(e, DType::boolean, [=](auto x) { return std::isinf(x) && (x < 0 ? negative : positive); });
}

}  // namespace

extern const Op op_is_inf;
const Op op_is_inf{.name = "IsInf",
                   .since = {10, 20},
                   .types = float_types | TypeSet{DType::float8e4m3fn, DType::float8e4m3fnuz, DType::float8e5m2, DType::float8e5m2fnuz},
                   .infer = infer,
                   .evaluate = evaluate,
                   .kind = OpKind::elementwise};

}  // namespace nacre
