// Normalizer: each row divided by its maximum, its sum of magnitudes or its length.
// https://onnx.ai/onnx/operators/onnx_aionnxml_Normalizer.html
#include <cmath>

#include "ops/ml/features.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) { return infer_as(inference, DType::float32); }

Result<double> divisor(std::string_view norm, std::span<const double> row) {
  double sum = 0, most = -INFINITY;
  for (double x : row) sum += norm == "L2" ? x * x : std::abs(x), most = std::max(most, x);
  if (norm == "MAX") return most;
  if (norm == "L1") return sum;
  if (norm == "L2") return std::sqrt(sum);
  return fail(ErrorCode::invalid_model, "norm '", norm, "' is none of MAX, L1, L2");
}

Result<void> evaluate(Evaluation& e) {
  if (e.input(0).rank() < 1) return fail(ErrorCode::invalid_argument, "cannot normalise a scalar");
  const int64_t columns = e.shape(0).back();
  const std::string norm = e.attributes().string("norm", "MAX");
  Tensor* y = NACRE_TRY(e.output(0, DType::float32, e.shape(0)));
  std::vector<double> scratch;
  const double* x = elements_as<double>(e.input(0), scratch);
  float* out = y->mutable_data<float>().data();
  for (int64_t i = 0; i < y->size(); i += columns) {
    double by = NACRE_TRY(divisor(norm, std::span(x + i, static_cast<size_t>(columns))));
    if (by == 0) by = 1;
    for (int64_t k = 0; k < columns; ++k) out[i + k] = static_cast<float>(x[i + k] / by);
  }
  return {};
}

}  // namespace

extern const Op op_ml_normalizer;
const Op op_ml_normalizer{.name = "Normalizer",
                          .domain = "ai.onnx.ml",
                          .since = {1},
                          .types = {DType::float32, DType::float64, DType::int32, DType::int64},
                          .infer = infer,
                          .evaluate = evaluate};

}  // namespace nacre
