// What the classifiers and regressors of ai.onnx.ml share: rows of features, labels, and what becomes of the scores.
#pragma once

#include "ops/op.h"

namespace nacre {

inline constexpr TypeSet kFeatureTypes{DType::float32, DType::float64, DType::int32, DType::int64};

/// Input 0 as rows of features: [N, C], or [C] as one row.
struct Features {
  int64_t rows = 0, columns = 0;
  std::vector<double> storage;
  std::span<const double> row(int64_t i) const { return {storage.data() + i * columns, static_cast<size_t>(columns)}; }
};
Result<Features> read_features(const Evaluation& e);

/// Class names or numbers; `integers` is the attribute that has the numbers.
struct Labels {
  std::vector<std::string> names;
  std::vector<int64_t> numbers;
  bool named = false;
  int64_t count() const { return static_cast<int64_t>(named ? names.size() : numbers.size()); }
  void store(int64_t label, Tensor& y, int64_t row) const;
};
Result<Labels> read_labels(const Attributes& attributes, std::string_view integers);

/// Output 0 holds one label a row, output 1 `scores` floats a row.
Result<void> infer_classifier(Inference& inference, std::string_view integers, int64_t scores);
/// Output 0 holds `targets` floats a row.
Result<void> infer_regressor(Inference& inference, int64_t targets);

enum class PostTransform : uint8_t { none, softmax, logistic, softmax_zero, probit };
Result<PostTransform> read_post_transform(const Attributes& attributes);
void transform(PostTransform how, std::span<double> scores);
double logistic(double x);

/// One score s of a two-class model as two, as ONNX Runtime writes them: through the logistic function when that is asked for,
/// else [1 - s, s] for a share (`complement`) and [-s, s] otherwise.
std::vector<double> both_scores(double score, bool complement, PostTransform how);

}  // namespace nacre
