// LinearClassifier: rows times coefficients plus intercepts; the class with the highest score.
// https://onnx.ai/onnx/operators/onnx_aionnxml_LinearClassifier.html
#include <algorithm>

#include "ops/ml/classes.h"

namespace nacre {
namespace {

constexpr std::string_view kNumbers = "classlabels_ints";

// One row of coefficients for two classes scores the second; a single class has one score as well.
Result<int64_t> score_count(const Attributes& a, const Labels& labels, int64_t columns) {
  const auto coefficients = static_cast<int64_t>(a.reals("coefficients").size()),
             intercepts = static_cast<int64_t>(a.reals("intercepts").size());
  const int64_t rows = columns > 0 && coefficients % columns == 0 ? coefficients / columns : -1;
  if ((rows != labels.count() && !(rows == 1 && labels.count() == 2)) || (intercepts != 0 && intercepts != rows))
    return fail(ErrorCode::invalid_argument, coefficients, " coefficients and ", intercepts, " intercepts for ", labels.count(),
                " classes of ", columns, " features");
  return rows;
}

Result<void> infer(Inference& inference) {
  const Attributes& a = inference.attributes();
  (void)NACRE_TRY(read_post_transform(a));
  return infer_classifier(inference, kNumbers, NACRE_TRY(read_labels(a, kNumbers)).count());
}

/// The sum of products, in lanes, which become vector code.
double dot(const double* x, const float* y, int64_t count) {
  constexpr int64_t kLanes = 8;
  double lanes[kLanes] = {}, sum = 0;
  int64_t k = 0;
  for (; k + kLanes <= count; k += kLanes)
    for (int64_t lane = 0; lane < kLanes; ++lane) lanes[lane] += x[k + lane] * y[k + lane];
  for (; k < count; ++k) sum += x[k] * y[k];
  for (double lane : lanes) sum += lane;
  return sum;
}

Result<void> evaluate(Evaluation& e) {
  const Attributes& a = e.attributes();
  const Labels labels = NACRE_TRY(read_labels(a, kNumbers));
  const PostTransform how = NACRE_TRY(read_post_transform(a));
  const Features x = NACRE_TRY(read_features(e));
  const int64_t classes = labels.count(), computed = NACRE_TRY(score_count(a, labels, x.columns));
  const std::vector<float> coefficients = a.reals("coefficients"), intercepts = a.reals("intercepts");
  Tensor* y = NACRE_TRY(e.output(0, labels.named ? DType::string : DType::int64, {x.rows}));
  Tensor* z = NACRE_TRY(e.output(1, DType::float32, {x.rows, classes}));
  for (int64_t row = 0; row < x.rows; ++row) {
    NACRE_TRY(e.checkpoint());
    std::vector<double> scores(intercepts.begin(), intercepts.end());
    scores.resize(static_cast<size_t>(computed));
    for (int64_t i = 0; i < computed; ++i) scores[i] += dot(x.row(row).data(), coefficients.data() + i * x.columns, x.columns);
    if (computed == 1 && classes == 2) scores.insert(scores.begin(), -scores[0]);
    labels.store(std::max_element(scores.begin(), scores.end()) - scores.begin(), *y, row);
    transform(how, scores);
    store_from<double>(DType::float32, z->mutable_raw(), row * classes, classes, scores.data());
  }
  return {};
}

}  // namespace

extern const Op op_ml_linear_classifier;
const Op op_ml_linear_classifier{.name = "LinearClassifier",
                                 .domain = "ai.onnx.ml",
                                 .since = {1},
                                 .types = kFeatureTypes,
                                 .outputs = {1, 2},
                                 .infer = infer,
                                 .evaluate = evaluate,
                                 .kind = OpKind::contraction};

}  // namespace nacre
