// TreeEnsemble: the leaves that each row reaches in decision trees, summed (averaged, ...) per target.
// https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsemble.html
#include <algorithm>
#include <cmath>

#include "ops/op.h"

namespace nacre {
namespace {

enum Mode : int { leq, lt, gte, gt, eq, neq, member };

Result<void> infer(Inference& inference) {
  const SymShape* shape = inference.shape(0);
  inference.set(0, inference.dtype(0),
                SymShape{shape && !shape->empty() ? (*shape)[0] : inference.fresh(), inference.attributes().integer("n_targets", 1)});
  return {};
}

std::vector<double> doubles(const Attributes& a, std::string_view name) {
  const Tensor* tensor = a.tensor(name);
  std::vector<double> out(tensor ? static_cast<size_t>(tensor->size()) : 0);
  if (tensor) load_as<double>(tensor->dtype(), tensor->raw(), 0, tensor->size(), out.data());
  return out;
}

struct Trees {
  std::vector<int64_t> roots, features, if_true, if_false, true_is_leaf, false_is_leaf, missing_is_true, targets;
  std::vector<double> modes, splits, weights;
  std::vector<std::vector<double>> members;  // per node, for mode `member`
  int64_t target_count = 1;
};

bool within(std::span<const int64_t> values, int64_t limit) {
  return std::all_of(values.begin(), values.end(), [&](int64_t x) { return x >= 0 && x < limit; });
}

// membership_values lists the sets of member nodes in node order, NaN between them.
void read_members(const Attributes& a, Trees& t) {
  const std::vector<double> all = doubles(a, "membership_values");
  size_t at = 0;
  t.members.resize(t.modes.size());
  for (size_t node = 0; node < t.modes.size(); ++node) {
    if (static_cast<int>(t.modes[node]) != member) continue;
    for (; at < all.size() && all[at] == all[at]; ++at) t.members[node].push_back(all[at]);
    ++at;
  }
}

Result<Trees> read(const Attributes& a) {
  Trees t{a.integers("tree_roots"),
          a.integers("nodes_featureids"),
          a.integers("nodes_truenodeids"),
          a.integers("nodes_falsenodeids"),
          a.integers("nodes_trueleafs"),
          a.integers("nodes_falseleafs"),
          a.integers("nodes_missing_value_tracks_true"),
          a.integers("leaf_targetids"),
          doubles(a, "nodes_modes"),
          doubles(a, "nodes_splits"),
          doubles(a, "leaf_weights"),
          {},
          a.integer("n_targets", 1)};
  const size_t nodes = t.features.size();
  if (t.missing_is_true.empty()) t.missing_is_true.assign(nodes, 0);
  for (size_t count : {t.if_true.size(), t.if_false.size(), t.true_is_leaf.size(), t.false_is_leaf.size(), t.missing_is_true.size(),
                       t.modes.size(), t.splits.size()})
    if (count != nodes) return fail(ErrorCode::invalid_model, "node attributes have ", count, " and ", nodes, " entries");
  if (t.targets.size() != t.weights.size() || t.target_count < 1 || !within(t.targets, t.target_count) ||
      !within(t.roots, static_cast<int64_t>(nodes)))
    return fail(ErrorCode::invalid_model, "leaves or roots do not fit ", nodes, " nodes and ", t.target_count, " targets");
  for (size_t i = 0; i < nodes; ++i)
    for (bool side : {true, false}) {
      const int64_t next = (side ? t.if_true : t.if_false)[i],
                    limit = static_cast<int64_t>((side ? t.true_is_leaf : t.false_is_leaf)[i] ? t.weights.size() : nodes);
      if (next < 0 || next >= limit) return fail(ErrorCode::invalid_model, "node ", i, " leads to ", next, " of ", limit);
    }
  read_members(a, t);
  return t;
}

bool branches(const Trees& t, size_t node, double x) {
  if (x != x) return t.missing_is_true[node] != 0;
  const double split = t.splits[node];
  switch (static_cast<int>(t.modes[node])) {
    case leq: return x <= split;
    case lt: return x < split;
    case gte: return x >= split;
    case gt: return x > split;
    case eq: return x == split;
    case neq: return x != split;
    default: return std::find(t.members[node].begin(), t.members[node].end(), x) != t.members[node].end();
  }
}

// The leaf that a row reaches. A path longer than there are nodes runs in a circle.
Result<size_t> leaf_of(const Trees& t, size_t node, std::span<const double> row) {
  for (size_t step = 0; step <= t.features.size(); ++step) {
    if (t.features[node] < 0 || t.features[node] >= static_cast<int64_t>(row.size()))
      return fail(ErrorCode::invalid_argument, "feature ", t.features[node], " of ", row.size());
    const bool taken = branches(t, node, row[t.features[node]]);
    const auto next = static_cast<size_t>((taken ? t.if_true : t.if_false)[node]);
    if ((taken ? t.true_is_leaf : t.false_is_leaf)[node]) return next;
    node = next;
  }
  return fail(ErrorCode::invalid_model, "a tree has no end");
}

Result<void> evaluate(Evaluation& e) {
  const Trees t = NACRE_TRY(read(e.attributes()));
  const int64_t aggregate = e.attributes().integer("aggregate_function", 1), transform = e.attributes().integer("post_transform", 0);
  if (e.input(0).rank() != 2 || aggregate < 0 || aggregate > 3 || transform != 0)
    return fail(ErrorCode::unsupported, "aggregate ", aggregate, " with post_transform ", transform, " of ", describe(e.input(0)));
  const int64_t rows = e.shape(0)[0], columns = e.shape(0)[1];
  Tensor* y = NACRE_TRY(e.output(0, {rows, t.target_count}));
  std::vector<double> scratch, sums(static_cast<size_t>(t.target_count));
  const double* x = elements_as<double>(e.input(0), scratch);
  for (int64_t row = 0; row < rows; ++row) {
    NACRE_TRY(e.checkpoint());
    std::fill(sums.begin(), sums.end(), aggregate == 2 ? INFINITY : aggregate == 3 ? -INFINITY : 0);
    for (int64_t root : t.roots) {
      const size_t leaf = NACRE_TRY(leaf_of(t, static_cast<size_t>(root), std::span(x + row * columns, static_cast<size_t>(columns))));
      double& sum = sums[t.targets[leaf]];
      const double weight = t.weights[leaf];
      sum = aggregate == 2   ? std::min(sum, weight)
            : aggregate == 3 ? std::max(sum, weight)
                             : sum + (aggregate ? weight : weight / static_cast<double>(t.roots.size()));
    }
    store_from<double>(y->dtype(), y->mutable_raw(), row * t.target_count, t.target_count, sums.data());
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
