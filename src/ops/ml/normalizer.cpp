// Normalizer: each row divided by its maximum, its sum of magnitudes or its length.
// https://onnx.ai/onnx/operators/onnx_aionnxml_Normalizer.html
#include <algorithm>
#include <cmath>

#include "ops/ml/features.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) { return infer_as(inference, DType::float32); }

enum class Norm : uint8_t { max, l1, l2 };

Result<Norm> norm_of(const Attributes& attributes) {
  const std::string norm = attributes.string("norm", "MAX");
  if (norm == "MAX") return Norm::max;
  if (norm == "L1") return Norm::l1;
  if (norm == "L2") return Norm::l2;
  return fail(ErrorCode::invalid_model, "norm '", norm, "' is none of MAX, L1, L2");
}

/// start folded with f(.., x), in lanes, which become vector code.
template <class F>
double fold(std::span<const double> row, double start, F f) {
  constexpr size_t kLanes = 8;
  double lanes[kLanes];
  std::fill_n(lanes, kLanes, start);
  size_t i = 0;
  for (; i + kLanes <= row.size(); i += kLanes)
    for (size_t k = 0; k < kLanes; ++k) lanes[k] = f(lanes[k], row[i + k]);
  for (; i < row.size(); ++i) lanes[0] = f(lanes[0], row[i]);
  for (size_t k = 1; k < kLanes; ++k) lanes[0] = start == 0 ? lanes[0] + lanes[k] : f(lanes[0], lanes[k]);
  return lanes[0];
}

double divisor(Norm norm, std::span<const double> row) {
  if (norm == Norm::max) return fold(row, -INFINITY, [](double most, double x) { return x > most ? x : most; });
  if (norm == Norm::l1) return fold(row, 0, [](double sum, double x) { return sum + std::abs(x); });
  return std::sqrt(fold(row, 0, [](double sum, double x) { return sum + x * x; }));
}

Result<void> evaluate(Evaluation& e) {
  if (e.input(0).rank() < 1) return fail(ErrorCode::invalid_argument, "cannot normalise a scalar");
  const int64_t columns = e.shape(0).back();
  const Norm norm = NACRE_TRY(norm_of(e.attributes()));
  Tensor* y = NACRE_TRY(e.output(0, DType::float32, e.shape(0)));
  float* out = y->mutable_data<float>().data();
  std::vector<double> row(static_cast<size_t>(y->size() > 0 ? columns : 0));
  for (int64_t i = 0; i < y->size(); i += columns) {
    load_as<double>(e.dtype(0), e.input(0).raw(), i, columns, row.data());
    double by = divisor(norm, row);
    if (by == 0) by = 1;
    for (int64_t k = 0; k < columns; ++k) out[i + k] = static_cast<float>(row[k] / by);
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
