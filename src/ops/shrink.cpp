// Shrink: y = x + bias below -lambd, x - bias above lambd, else 0.
// https://onnx.ai/onnx/operators/onnx__Shrink.html
#include "ops/elementwise.h"

namespace nacre {
namespace {

Result<void> evaluate(Evaluation& e) {
  const double threshold = e.attributes().real("lambd", 0.5f), bias = e.attributes().real("bias", 0.0f);
  Tensor* y = NACRE_TRY(e.output(0, e.shape(0)));
  // Integers of 8 to 32 bits are exact in double, and the bias may be a fraction.
  map_elements<double>(e.input(0), *y, [=](double x) { return x < -threshold ? x + bias : x > threshold ? x - bias : 0; });
  return {};
}

}  // namespace

extern const Op op_shrink;
const Op op_shrink{.name = "Shrink",
                   .since = {9},
                   .types = integer_types | TypeSet{DType::float16, DType::float32, DType::float64},
                   .infer = same_as_input,
                   .evaluate = evaluate,
                   .kind = OpKind::elementwise,
                   .may_alias = 1};

}  // namespace nacre
