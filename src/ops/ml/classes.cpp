#include "ops/ml/classes.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace nacre {
namespace {

// Winitzki's approximation with a = 0.147, which the definition names by its result's precision alone.
double inverse_erf(double x) {
  const double log = std::log((1 - x) * (1 + x)), v = 2 / (std::numbers::pi * 0.147) + 0.5 * log;
  if (x == 0) return 0;
  return std::copysign(std::sqrt(-v + std::sqrt(v * v - log / 0.147)), x);
}

void softmax(std::span<double> scores, bool keep_zeros) {
  const double most = *std::max_element(scores.begin(), scores.end());
  double sum = 0;
  for (double& x : scores) sum += x = keep_zeros && std::abs(x) <= 1e-7 ? x * std::exp(-most) : std::exp(x - most);
  for (double& x : scores) x = sum == 0 ? 0.5 : x / sum;
}

}  // namespace

double logistic(double x) { return x < 0 ? 1 - 1 / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); }

Result<Features> read_features(const Evaluation& e) {
  const Tensor& x = e.input(0);
  if (x.rank() != 1 && x.rank() != 2) return fail(ErrorCode::invalid_argument, "features ", describe(x), ": expected rank 1 or 2");
  if (!kFeatureTypes.has(x.dtype())) return fail(ErrorCode::invalid_argument, "features of type ", x.dtype());
  Features out{x.rank() == 1 ? 1 : x.shape()[0], x.shape().back(), std::vector<double>(static_cast<size_t>(x.size()))};
  load_as<double>(x.dtype(), x.raw(), 0, x.size(), out.storage.data());
  return out;
}

void Labels::store(int64_t label, Tensor& y, int64_t row) const {
  if (named)
    y.mutable_data<std::string>()[static_cast<size_t>(row)] = names[static_cast<size_t>(label)];
  else
    y.mutable_data<int64_t>()[static_cast<size_t>(row)] = numbers[static_cast<size_t>(label)];
}

Result<Labels> read_labels(const Attributes& attributes, std::string_view integers) {
  Labels out{attributes.strings("classlabels_strings"), attributes.integers(integers)};
  out.named = !out.names.empty();
  if (out.names.empty() == out.numbers.empty())
    return fail(ErrorCode::invalid_model, "needs class labels as classlabels_strings or ", integers, ", and not both");
  return out;
}

namespace {

Result<SymDim> row_count(Inference& inference) {
  const SymShape* shape = inference.shape(0);
  if (!shape) return inference.fresh();
  if (shape->empty() || shape->size() > 2) return fail(ErrorCode::invalid_argument, "features of shape ", *shape, ": expected rank 1 or 2");
  return shape->size() == 1 ? SymDim(1) : (*shape)[0];
}

}  // namespace

Result<void> infer_classifier(Inference& inference, std::string_view integers, int64_t scores) {
  const Labels labels = NACRE_TRY(read_labels(inference.attributes(), integers));
  const SymDim rows = NACRE_TRY(row_count(inference));
  inference.set(0, labels.named ? DType::string : DType::int64, SymShape{rows});
  inference.set(1, DType::float32, SymShape{rows, scores});
  return {};
}

Result<void> infer_regressor(Inference& inference, int64_t targets) {
  if (targets < 1 || targets > INT32_MAX) return fail(ErrorCode::invalid_model, targets, " targets: expected at least 1");
  inference.set(0, DType::float32, SymShape{NACRE_TRY(row_count(inference)), targets});
  return {};
}

Result<PostTransform> read_post_transform(const Attributes& attributes) {
  static constexpr std::string_view kNames[] = {"NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"};
  const std::string name = attributes.string("post_transform", "NONE");
  const auto found = std::find(std::begin(kNames), std::end(kNames), name);
  if (found == std::end(kNames))
    return fail(ErrorCode::invalid_model, "post_transform '", name, "' is none of NONE, SOFTMAX, LOGISTIC, SOFTMAX_ZERO, PROBIT");
  return static_cast<PostTransform>(found - std::begin(kNames));
}

void transform(PostTransform how, std::span<double> scores) {
  if (scores.empty()) return;
  switch (how) {
    case PostTransform::none: return;
    case PostTransform::softmax: return softmax(scores, false);
    case PostTransform::softmax_zero: return softmax(scores, true);
    case PostTransform::logistic: std::transform(scores.begin(), scores.end(), scores.begin(), logistic); return;
    case PostTransform::probit:
      for (double& x : scores) x = std::numbers::sqrt2 * inverse_erf(2 * x - 1);
  }
}

std::vector<double> both_scores(double score, bool complement, PostTransform how) {
  if (how == PostTransform::logistic) return {logistic(-score), logistic(score)};
  return {complement ? 1 - score : -score, score};
}

}  // namespace nacre
