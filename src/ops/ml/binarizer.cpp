// Binarizer: 1 where the element is above the threshold, else 0.
// https://onnx.ai/onnx/operators/onnx_aionnxml_Binarizer.html
#include "ops/elementwise.h"

namespace nacre {
namespace {

Result<void> evaluate(Evaluation& e) {
  const float threshold = e.attributes().real("threshold", 0);
  Tensor* y = NACRE_TRY(e.output(0, e.shape(0)));
  return visit_compute(e.dtype(0), [&]<class T>() -> Result<void> {
    map_elements<T>(e.input(0), *y, [&](T x) { return static_cast<double>(x) > threshold ? 1 : 0; });
    return {};
  });
}

}  // namespace

extern const Op op_ml_binarizer;
const Op op_ml_binarizer{.name = "Binarizer",
                         .domain = "ai.onnx.ml",
                         .since = {1},
                         .types = {DType::float32, DType::float64, DType::int32, DType::int64},
                         .infer = same_as_input,
                         .evaluate = evaluate,
                         .kind = OpKind::elementwise};

}  // namespace nacre
