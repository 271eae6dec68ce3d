// LinearRegressor: rows times coefficients plus intercepts.
// https://onnx.ai/onnx/operators/onnx_aionnxml_LinearRegressor.html
#include "ops/ml/classes.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  (void)NACRE_TRY(read_post_transform(inference.attributes()));
  return infer_regressor(inference, inference.attributes().integer("targets", 1));
}

Result<void> evaluate(Evaluation& e) {
  const Attributes& a = e.attributes();
  const PostTransform how = NACRE_TRY(read_post_transform(a));
  const Features x = NACRE_TRY(read_features(e));
  const std::vector<float> coefficients = a.reals("coefficients"), intercepts = a.reals("intercepts");
  const auto targets = a.integer("targets", 1), count = static_cast<int64_t>(coefficients.size());
  if (targets < 1 || count % targets != 0 || count / targets != x.columns ||
      (!intercepts.empty() && static_cast<int64_t>(intercepts.size()) != targets))
    return fail(ErrorCode::invalid_argument, count, " coefficients for ", targets, " targets of ", describe(e.input(0)));
  Tensor* y = NACRE_TRY(e.output(0, DType::float32, {x.rows, targets}));
  for (int64_t row = 0; row < x.rows; ++row) {
    NACRE_TRY(e.checkpoint());
    std::vector<double> sums(intercepts.begin(), intercepts.end());
    sums.resize(static_cast<size_t>(targets));
    for (int64_t i = 0; i < targets; ++i)
      for (int64_t k = 0; k < x.columns; ++k) sums[i] += x.row(row)[k] * coefficients[i * x.columns + k];
    transform(how, sums);
    store_from<double>(DType::float32, y->mutable_raw(), row * targets, targets, sums.data());
  }
  return {};
}

}  // namespace

extern const Op op_ml_linear_regressor;
const Op op_ml_linear_regressor{.name = "LinearRegressor",
                                .domain = "ai.onnx.ml",
                                .since = {1},
                                .types = kFeatureTypes,
                                .infer = infer,
                                .evaluate = evaluate,
                                .kind = OpKind::contraction};

}  // namespace nacre
