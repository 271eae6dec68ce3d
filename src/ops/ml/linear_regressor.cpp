// LinearRegressor: rows times coefficients plus intercepts.
// https://onnx.ai/onnx/operators/onnx_aionnxml_LinearRegressor.html
#include "ops/op.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  const SymShape* shape = inference.shape(0);
  inference.set(0, DType::float32,
                SymShape{shape && shape->size() == 2 ? (*shape)[0] : inference.fresh(), inference.attributes().integer("targets", 1)});
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const Attributes& a = e.attributes();
  const int64_t targets = a.integer("targets", 1);
  const std::vector<float> coefficients = a.reals("coefficients"), intercepts = a.reals("intercepts");
  if (a.string("post_transform", "NONE") != "NONE") return fail(ErrorCode::unsupported, "post_transform ", a.string("post_transform", ""));
  const int64_t columns = e.input(0).rank() == 2 ? e.shape(0)[1] : -1, count = static_cast<int64_t>(coefficients.size());
  if (targets < 1 || columns < 0 || count % targets != 0 || count / targets != columns ||
      (!intercepts.empty() && static_cast<int64_t>(intercepts.size()) != targets))
    return fail(ErrorCode::invalid_argument, count, " coefficients for ", targets, " targets of ", describe(e.input(0)));
  Tensor* y = NACRE_TRY(e.output(0, DType::float32, {e.shape(0)[0], targets}));
  std::vector<double> scratch;
  const double* x = elements_as<double>(e.input(0), scratch);
  for (int64_t i = 0; i < y->size(); ++i) {
    double sum = intercepts.empty() ? 0 : intercepts[i % targets];
    for (int64_t k = 0; k < columns; ++k) sum += x[i / targets * columns + k] * coefficients[i % targets * columns + k];
    y->mutable_data<float>()[i] = static_cast<float>(sum);
  }
  return {};
}

}  // namespace

extern const Op op_ml_linear_regressor;
const Op op_ml_linear_regressor{.name = "LinearRegressor",
                                .domain = "ai.onnx.ml",
                                .since = {1},
                                .types = {DType::float32, DType::float64, DType::int32, DType::int64},
                                .infer = infer,
                                .evaluate = evaluate,
                                .kind = OpKind::contraction};

}  // namespace nacre
