// Scaler: (x - offset) * scale, per feature.
// https://onnx.ai/onnx/operators/onnx_aionnxml_Scaler.html
#include "ops/ml/features.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) { return infer_as(inference, DType::float32); }

Result<void> evaluate(Evaluation& e) {
  const int64_t features = e.input(0).rank() ? e.shape(0).back() : 1;
  const std::vector<float> offset = NACRE_TRY(per_feature(e.attributes(), "offset", features, 0));
  const std::vector<float> scale = NACRE_TRY(per_feature(e.attributes(), "scale", features, 1));
  Tensor* y = NACRE_TRY(e.output(0, DType::float32, e.shape(0)));
  std::vector<float> scratch;
  const float* x = elements_as<float>(e.input(0), scratch);
  float* out = y->mutable_data<float>().data();
  for (int64_t i = 0; i < y->size(); ++i) out[i] = (x[i] - offset[i % features]) * scale[i % features];
  return {};
}

}  // namespace

extern const Op op_ml_scaler;
const Op op_ml_scaler{.name = "Scaler",
                      .domain = "ai.onnx.ml",
                      .since = {1},
                      .types = {DType::float32, DType::float64, DType::int32, DType::int64},
                      .infer = infer,
                      .evaluate = evaluate};

}  // namespace nacre
