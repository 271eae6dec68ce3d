// Celu: y = max(0, x) + min(0, alpha * (e^(x / alpha) - 1)).
// https://onnx.ai/onnx/operators/onnx__Celu.html
#include "ops/elementwise.h"

namespace nacre {
namespace {

Result<void> evaluate(Evaluation& e) {
  const float alpha = e.attributes().real("alpha", 1.0f);
  return unary_float_with(e, [=](auto x) { return static_cast<decltype(x)>(x > 0 ? x : alpha * std::expm1(x / alpha)); });
}

}  // namespace

extern const Op op_celu;
const Op op_celu{.name = "Celu",
                 .since = {12},
                 .types = TypeSet{DType::float32},
                 .infer = same_as_input,
                 .evaluate = evaluate,
                 .kind = OpKind::elementwise,
                 .may_alias = 1};

}  // namespace nacre
