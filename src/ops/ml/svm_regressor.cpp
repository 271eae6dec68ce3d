// SVMRegressor: y = rho + sum of coefficient * kernel(x, support vector); its sign for a one-class machine.
// https://onnx.ai/onnx/operators/onnx_aionnxml_SVMRegressor.html
#include "ops/ml/kernel_function.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  (void)NACRE_TRY(read_post_transform(inference.attributes()));
  NACRE_TRY(read_kernel_function(inference.attributes()));
  return infer_regressor(inference, 1);
}

Result<void> evaluate(Evaluation& e) {
  const Attributes& a = e.attributes();
  const PostTransform how = NACRE_TRY(read_post_transform(a));
  KernelFunction kernel = NACRE_TRY(read_kernel_function(a));
  const Features x = NACRE_TRY(read_features(e));
  const std::vector<float> coefficients = a.reals("coefficients"), rho = a.reals("rho");
  std::vector<float> vectors = a.reals("support_vectors");
  std::vector<float> weights = coefficients;
  auto count = static_cast<size_t>(std::max<int64_t>(a.integer("n_supports", 0), 0));
  if (count == 0) kernel.kind = KernelFunction::linear, vectors = coefficients, weights = {1}, count = 1;  // the plane itself
  if (rho.size() != 1 || weights.size() != count || vectors.size() / count != static_cast<size_t>(x.columns) || vectors.size() % count != 0)
    return fail(ErrorCode::invalid_argument, vectors.size(), " numbers of ", count, " support vectors, ", weights.size(),
                " coefficients and ", rho.size(), " rho for ", describe(e.input(0)));
  Tensor* y = NACRE_TRY(e.output(0, DType::float32, {x.rows, 1}));
  for (int64_t row = 0; row < x.rows; ++row) {
    NACRE_TRY(e.checkpoint());
    double sum = rho[0];
    for (size_t i = 0; i < count; ++i) sum += weights[i] * kernel(x.row(row), vectors.data() + i * static_cast<size_t>(x.columns));
    if (a.integer("one_class", 0) != 0) sum = sum > 0 ? 1 : -1;
    transform(how, std::span(&sum, 1));
    y->mutable_data<float>()[static_cast<size_t>(row)] = static_cast<float>(sum);
  }
  return {};
}

}  // namespace

extern const Op op_ml_svm_regressor;
const Op op_ml_svm_regressor{.name = "SVMRegressor",
                             .domain = "ai.onnx.ml",
                             .since = {1},
                             .types = kFeatureTypes,
                             .infer = infer,
                             .evaluate = evaluate,
                             .kind = OpKind::contraction};

}  // namespace nacre
