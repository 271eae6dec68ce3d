// TreeEnsemble: the leaves that each row reaches in decision trees, summed (averaged, ...) per target.
// https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsemble.html
#include <algorithm>

#include "ops/ml/trees.h"

namespace nacre {
namespace {

Result<int64_t> target_count(const Attributes& attributes) {
  const int64_t targets = attributes.integer("n_targets", 1);
  if (targets < 1 || targets > INT32_MAX) return fail(ErrorCode::invalid_model, targets, " targets: expected at least 1");
  return targets;
}

Result<void> infer(Inference& inference) {
  const SymShape* shape = inference.shape(0);
  if (shape && shape->size() != 2) return fail(ErrorCode::invalid_argument, "features of shape ", *shape, ": expected rank 2");
  inference.set(0, inference.dtype(0), SymShape{shape ? (*shape)[0] : inference.fresh(), NACRE_TRY(target_count(inference.attributes()))});
  return {};
}

std::vector<double> doubles(const Attributes& a, std::string_view name) {
  const Tensor* tensor = a.tensor(name);
  std::vector<double> out(tensor && tensor->dtype() != DType::string ? static_cast<size_t>(tensor->size()) : 0);
  if (!out.empty()) load_as<double>(tensor->dtype(), tensor->raw(), 0, tensor->size(), out.data());
  return out;
}

// membership_values lists the sets of member splits in their order, NaN between them.
void read_members(const Attributes& a, Trees& t) {
  const std::vector<double> all = doubles(a, "membership_values");
  size_t at = 0;
  t.members.resize(t.splits.size());
  for (size_t split = 0; split < t.splits.size(); ++split) {
    if (t.splits[split].mode != Trees::member) continue;
    for (; at < all.size() && all[at] == all[at]; ++at) t.members[split].push_back(all[at]);
    ++at;
  }
}

// Where a split leads: another, or ~leaf.
Result<int64_t> place(size_t from, int64_t to, bool is_leaf, const Trees& t, size_t splits) {
  const auto limit = static_cast<int64_t>(is_leaf ? t.leaves.size() : splits);
  if (to < 0 || to >= limit) return fail(ErrorCode::invalid_model, "node ", from, " leads to ", to, " of ", limit);
  return is_leaf ? ~to : to;
}

Result<void> read_splits(const Attributes& a, Trees& t) {
  const std::vector<int64_t> features = a.integers("nodes_featureids"), if_true = a.integers("nodes_truenodeids"),
                             if_false = a.integers("nodes_falsenodeids"), true_is_leaf = a.integers("nodes_trueleafs"),
                             false_is_leaf = a.integers("nodes_falseleafs");
  const std::vector<double> modes = doubles(a, "nodes_modes"), values = doubles(a, "nodes_splits");
  std::vector<int64_t> missing = a.integers("nodes_missing_value_tracks_true");
  const size_t count = features.size();
  if (missing.empty()) missing.assign(count, 0);
  for (size_t other :
       {if_true.size(), if_false.size(), true_is_leaf.size(), false_is_leaf.size(), missing.size(), modes.size(), values.size()})
    if (other != count) return fail(ErrorCode::invalid_model, "node attributes have ", other, " and ", count, " entries");
  for (size_t i = 0; i < count; ++i)
    t.splits.push_back({static_cast<int>(modes[i]), features[i], values[i], missing[i] != 0,
                        NACRE_TRY(place(i, if_true[i], true_is_leaf[i] != 0, t, count)),
                        NACRE_TRY(place(i, if_false[i], false_is_leaf[i] != 0, t, count))});
  return {};
}

Result<Trees> read(const Attributes& a, int64_t targets) {
  Trees t{.roots = a.integers("tree_roots")};
  const std::vector<int64_t> ids = a.integers("leaf_targetids");
  const std::vector<double> weights = doubles(a, "leaf_weights");
  const auto within = [](std::span<const int64_t> values, int64_t limit) {
    return std::all_of(values.begin(), values.end(), [&](int64_t x) { return x >= 0 && x < limit; });
  };
  if (ids.size() != weights.size() || !within(ids, targets))
    return fail(ErrorCode::invalid_model, ids.size(), " leaves with ", weights.size(), " weights do not fit ", targets, " targets");
  for (size_t i = 0; i < ids.size(); ++i) t.leaves.push_back({{ids[i], weights[i]}});
  NACRE_TRY(read_splits(a, t));
  if (!within(t.roots, static_cast<int64_t>(t.splits.size())))
    return fail(ErrorCode::invalid_model, "tree_roots ", t.roots, " of ", t.splits.size(), " nodes");
  read_members(a, t);
  return t;
}

Result<void> evaluate(Evaluation& e) {
  const int64_t targets = NACRE_TRY(target_count(e.attributes()));
  const Trees trees = NACRE_TRY(read(e.attributes(), targets));
  const int64_t aggregate = e.attributes().integer("aggregate_function", 1), how = e.attributes().integer("post_transform", 0);
  if (aggregate < 0 || aggregate > 3 || how < 0 || how > 4)
    return fail(ErrorCode::invalid_model, "aggregate_function ", aggregate, " with post_transform ", how);
  if (e.input(0).rank() != 2) return fail(ErrorCode::invalid_argument, "features ", describe(e.input(0)), ": expected rank 2");
  const int64_t rows = e.shape(0)[0], columns = e.shape(0)[1];
  Tensor* y = NACRE_TRY(e.output(0, {rows, targets}));
  std::vector<double> scratch;
  const double* x = elements_as<double>(e.input(0), scratch);
  // The attribute numbers its values NONE, SOFTMAX, LOGISTIC, SOFTMAX_ZERO, PROBIT; and AVERAGE, SUM, MIN, MAX.
  Tally tally{std::vector<double>(static_cast<size_t>(targets)), std::vector<bool>(static_cast<size_t>(targets))};
  for (int64_t row = 0; row < rows; ++row) {
    NACRE_TRY(e.checkpoint());
    NACRE_TRY(tally.count(trees, static_cast<Aggregate>(aggregate), std::span(x + row * columns, static_cast<size_t>(columns))));
    transform(static_cast<PostTransform>(how), tally.sums);
    store_from<double>(y->dtype(), y->mutable_raw(), row * targets, targets, tally.sums.data());
  }
  return {};
}

}  // namespace

extern const Op op_ml_tree_ensemble;
const Op op_ml_tree_ensemble{.name = "TreeEnsemble",
                             .domain = "ai.onnx.ml",
                             .since = {5},
                             .types = {DType::float16, DType::float32, DType::float64},
                             .infer = infer,
                             .evaluate = evaluate};

}  // namespace nacre
