// TreeEnsembleRegressor: the weights of the leaves that each row reaches, summed (averaged, ...) per target.
// https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsembleRegressor.html
#include "ops/ml/trees.h"

namespace nacre {
namespace {

Result<Aggregate> read_aggregate(const Attributes& attributes) {
  const std::string name = attributes.string("aggregate_function", "SUM");
  if (name == "SUM") return Aggregate::sum;
  if (name == "AVERAGE") return Aggregate::average;
  if (name == "MIN") return Aggregate::least;
  if (name == "MAX") return Aggregate::most;
  return fail(ErrorCode::invalid_model, "aggregate_function '", name, "' is none of SUM, AVERAGE, MIN, MAX");
}

Result<void> infer(Inference& inference) {
  (void)NACRE_TRY(read_aggregate(inference.attributes()));
  (void)NACRE_TRY(read_post_transform(inference.attributes()));
  return infer_regressor(inference, inference.attributes().integer("n_targets", 1));
}

Result<void> evaluate(Evaluation& e) {
  const Attributes& a = e.attributes();
  const int64_t targets = a.integer("n_targets", 1);
  const Aggregate aggregate = NACRE_TRY(read_aggregate(a));
  const PostTransform how = NACRE_TRY(read_post_transform(a));
  const Features x = NACRE_TRY(read_features(e));
  Tensor* y = NACRE_TRY(e.output(0, DType::float32, {x.rows, targets}));
  const Trees trees = NACRE_TRY(read_node_lists(a, "target", targets));
  const std::vector<double> base = NACRE_TRY(numbers_of(a, "base_values"));
  if (!base.empty() && static_cast<int64_t>(base.size()) != targets)
    return fail(ErrorCode::invalid_model, base.size(), " base values for ", targets, " targets");
  Tally tally{std::vector<double>(static_cast<size_t>(targets)), std::vector<bool>(static_cast<size_t>(targets))};
  for (int64_t row = 0; row < x.rows; ++row) {
    NACRE_TRY(e.checkpoint());
    NACRE_TRY(tally.count(trees, aggregate, x.row(row)));
    for (size_t i = 0; i < tally.sums.size(); ++i) tally.sums[i] = (tally.voted[i] ? tally.sums[i] : 0) + (base.empty() ? 0 : base[i]);
    transform(how, tally.sums);
    store_from<double>(DType::float32, y->mutable_raw(), row * targets, targets, tally.sums.data());
  }
  return {};
}

}  // namespace

extern const Op op_ml_tree_ensemble_regressor;
const Op op_ml_tree_ensemble_regressor{.name = "TreeEnsembleRegressor",
                                       .domain = "ai.onnx.ml",
                                       .since = {1, 3, 5},
                                       .types = kFeatureTypes,
                                       .infer = infer,
                                       .evaluate = evaluate};

}  // namespace nacre
