// TreeEnsembleClassifier: the votes of the leaves that each row reaches, summed per class; the class with the most.
// https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsembleClassifier.html
#include <algorithm>

#include "ops/ml/trees.h"

namespace nacre {
namespace {

constexpr std::string_view kNumbers = "classlabels_int64s";

Result<void> infer(Inference& inference) {
  (void)NACRE_TRY(read_post_transform(inference.attributes()));
  const int64_t classes = NACRE_TRY(read_labels(inference.attributes(), kNumbers)).count();
  return infer_classifier(inference, kNumbers, std::max<int64_t>(classes, 2));
}

// Leaves that all vote for one of two classes decide by a threshold. Votes for class 0 are then meant for the second class
// (so converters write them), and the first's score follows from it.
struct Binary {
  bool is = false, positive = true, single = false;
};

Binary binary_of(const Attributes& a, const Trees& t, int64_t classes) {
  Binary out;
  const std::vector<int64_t> ids = a.integers("class_ids");
  out.is = classes <= 2 && !ids.empty() && std::all_of(ids.begin(), ids.end(), [&](int64_t id) { return id == ids[0]; });
  out.single = out.is && ids[0] == 0;
  for (const auto& leaf : t.leaves)
    for (const Trees::Vote& vote : leaf) out.positive = out.positive && vote.weight >= 0;
  return out;
}

struct Decision {
  int64_t label;
  std::vector<double> scores;
};

// Decided in float, the precision of the scores: sums that differ behind it are ties.
Decision decide(const Tally& tally, const std::vector<double>& base, const Binary& binary, PostTransform how) {
  std::vector<double> scores = tally.sums;
  if (binary.single) scores[0] += base.empty() ? 0 : base.back();
  for (size_t i = 0; !binary.single && i < base.size() && i < scores.size(); ++i) scores[i] += base[i];
  for (double& score : scores) score = static_cast<float>(score);
  const double deciding = scores[binary.single || scores.size() < 2 ? 0 : 1];
  int64_t label = std::max_element(scores.begin(), scores.end()) - scores.begin();
  if (binary.is) label = deciding > (binary.positive ? 0.5 : 0.0);
  if (binary.single) return {label, both_scores(deciding, binary.positive, how)};
  transform(how, scores);
  scores.resize(std::max<size_t>(scores.size(), 2));
  return {label, std::move(scores)};
}

Result<void> evaluate(Evaluation& e) {
  const Attributes& a = e.attributes();
  const Labels labels = NACRE_TRY(read_labels(a, kNumbers));
  const PostTransform how = NACRE_TRY(read_post_transform(a));
  const Trees trees = NACRE_TRY(read_node_lists(a, "class", labels.count()));
  const std::vector<double> base = NACRE_TRY(numbers_of(a, "base_values"));
  if (base.size() > 1 && static_cast<int64_t>(base.size()) != labels.count())
    return fail(ErrorCode::invalid_model, base.size(), " base values for ", labels.count(), " classes");
  const Binary binary = binary_of(a, trees, labels.count());
  const Features x = NACRE_TRY(read_features(e));
  const int64_t width = std::max<int64_t>(labels.count(), 2);
  Tensor* y = NACRE_TRY(e.output(0, labels.named ? DType::string : DType::int64, {x.rows}));
  Tensor* scores = NACRE_TRY(e.output(1, DType::float32, {x.rows, width}));
  Tally tally{std::vector<double>(static_cast<size_t>(labels.count())), std::vector<bool>(static_cast<size_t>(labels.count()))};
  for (int64_t row = 0; row < x.rows; ++row) {
    NACRE_TRY(e.checkpoint());
    NACRE_TRY(tally.count(trees, Aggregate::sum, x.row(row)));
    const Decision made = decide(tally, base, binary, how);
    labels.store(std::min(made.label, labels.count() - 1), *y, row);
    store_from<double>(DType::float32, scores->mutable_raw(), row * width, width, made.scores.data());
  }
  return {};
}

}  // namespace

extern const Op op_ml_tree_ensemble_classifier;
const Op op_ml_tree_ensemble_classifier{.name = "TreeEnsembleClassifier",
                                        .domain = "ai.onnx.ml",
                                        .since = {1, 3, 5},
                                        .types = kFeatureTypes,
                                        .outputs = {1, 2},
                                        .infer = infer,
                                        .evaluate = evaluate};

}  // namespace nacre
