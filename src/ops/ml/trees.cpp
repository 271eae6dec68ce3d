#include "ops/ml/trees.h"

#include <algorithm>
#include <map>

namespace nacre {
namespace {

bool branches(const Trees& t, size_t at, double x) {
  const Trees::Split& split = t.splits[at];
  if (x != x) return split.missing_is_true;
  switch (split.mode) {
    case Trees::leq: return x <= split.at;
    case Trees::lt: return x < split.at;
    case Trees::gte: return x >= split.at;
    case Trees::gt: return x > split.at;
    case Trees::eq: return x == split.at;
    case Trees::neq: return x != split.at;
    default: return std::find(t.members[at].begin(), t.members[at].end(), x) != t.members[at].end();
  }
}

using NodeIndex = std::map<std::pair<int64_t, int64_t>, int64_t>;  // (tree, node) -> a split, or ~leaf

// The attributes that have one entry a node.
struct NodeLists {
  std::vector<int64_t> trees, nodes, features, if_true, if_false, missing_is_true;
  std::vector<std::string> modes;
  std::vector<double> values;
};

Result<NodeLists> read_lists(const Attributes& a) {
  NodeLists n{a.integers("nodes_treeids"),      a.integers("nodes_nodeids"),
              a.integers("nodes_featureids"),   a.integers("nodes_truenodeids"),
              a.integers("nodes_falsenodeids"), a.integers("nodes_missing_value_tracks_true"),
              a.strings("nodes_modes"),         NACRE_TRY(numbers_of(a, "nodes_values"))};
  const size_t count = n.nodes.size();
  if (n.missing_is_true.empty()) n.missing_is_true.assign(count, 0);
  for (size_t other :
       {n.trees.size(), n.features.size(), n.if_true.size(), n.if_false.size(), n.missing_is_true.size(), n.modes.size(), n.values.size()})
    if (other != count) return fail(ErrorCode::invalid_model, "node attributes have ", other, " and ", count, " entries");
  return n;
}

Result<int> mode_of(std::string_view name) {
  static constexpr std::string_view kNames[] = {"BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"};
  for (int i = 0; i < 6; ++i)
    if (kNames[i] == name) return i;
  return fail(ErrorCode::invalid_model, "node mode '", name, "' is none that there is");
}

// Splits and leaves in the order of the file; a tree's first node is its root.
Result<NodeIndex> place_nodes(const NodeLists& n, Trees& t) {
  NodeIndex index;
  int64_t splits = 0, leaves = 0;
  for (size_t i = 0; i < n.nodes.size(); ++i) {
    const int64_t place = n.modes[i] == "LEAF" ? ~leaves++ : splits++;
    if (!index.emplace(std::pair(n.trees[i], n.nodes[i]), place).second)
      return fail(ErrorCode::invalid_model, "node ", n.nodes[i], " of tree ", n.trees[i], " is there twice");
    if (i == 0 || n.trees[i] != n.trees[i - 1]) t.roots.push_back(place);
  }
  t.leaves.resize(static_cast<size_t>(leaves));
  return index;
}

Result<int64_t> place_of(const NodeIndex& index, int64_t tree, int64_t node) {
  const auto found = index.find({tree, node});
  if (found == index.end()) return fail(ErrorCode::invalid_model, "tree ", tree, " has no node ", node);
  return found->second;
}

// Votes of nodes that are not leaves never count.
Result<void> read_votes(const Attributes& a, const std::string& votes, int64_t targets, const NodeIndex& index, Trees& t) {
  const std::vector<int64_t> trees = a.integers(votes + "_treeids"), nodes = a.integers(votes + "_nodeids"),
                             ids = a.integers(votes + "_ids");
  const std::vector<double> weights = NACRE_TRY(numbers_of(a, votes + "_weights"));
  if (trees.size() != ids.size() || nodes.size() != ids.size() || weights.size() != ids.size())
    return fail(ErrorCode::invalid_model, votes, "_ attributes have ", trees.size(), ", ", nodes.size(), ", ", ids.size(), " and ",
                weights.size(), " entries");
  for (size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] < 0 || ids[i] >= targets) return fail(ErrorCode::invalid_model, votes, " ", ids[i], " of ", targets);
    const int64_t place = NACRE_TRY(place_of(index, trees[i], nodes[i]));
    if (place < 0) t.leaves[static_cast<size_t>(~place)].push_back({ids[i], weights[i]});
  }
  return {};
}

}  // namespace

Result<std::vector<double>> numbers_of(const Attributes& a, const std::string& name) {
  const Tensor* tensor = a.tensor(name + "_as_tensor");
  if (!tensor) {
    const std::vector<float> floats = a.reals(name);
    return std::vector<double>(floats.begin(), floats.end());
  }
  if (tensor->dtype() != DType::float32 && tensor->dtype() != DType::float64)
    return fail(ErrorCode::invalid_model, name, "_as_tensor is ", describe(*tensor), ": expected floats");
  std::vector<double> out(static_cast<size_t>(tensor->size()));
  load_as<double>(tensor->dtype(), tensor->raw(), 0, tensor->size(), out.data());
  return out;
}

Result<Trees> read_node_lists(const Attributes& a, std::string_view votes, int64_t targets) {
  const NodeLists n = NACRE_TRY(read_lists(a));
  Trees t;
  const NodeIndex index = NACRE_TRY(place_nodes(n, t));
  for (size_t i = 0; i < n.nodes.size(); ++i) {
    if (n.modes[i] == "LEAF") continue;
    t.splits.push_back({NACRE_TRY(mode_of(n.modes[i])), n.features[i], n.values[i], n.missing_is_true[i] != 0,
                        NACRE_TRY(place_of(index, n.trees[i], n.if_true[i])), NACRE_TRY(place_of(index, n.trees[i], n.if_false[i]))});
  }
  NACRE_TRY(read_votes(a, std::string(votes), targets, index, t));
  return t;
}

Result<size_t> Trees::leaf_of(int64_t at, std::span<const double> row) const {
  for (size_t step = 0; step <= splits.size(); ++step) {
    if (at < 0) return static_cast<size_t>(~at);
    const Split& split = splits[static_cast<size_t>(at)];
    if (split.feature < 0 || split.feature >= static_cast<int64_t>(row.size()))
      return fail(ErrorCode::invalid_argument, "feature ", split.feature, " of ", row.size());
    at = branches(*this, static_cast<size_t>(at), row[static_cast<size_t>(split.feature)]) ? split.if_true : split.if_false;
  }
  return fail(ErrorCode::invalid_model, "a tree has no end");
}

Result<void> Tally::count(const Trees& trees, Aggregate how, std::span<const double> row) {
  const double none = how == Aggregate::least ? HUGE_VAL : how == Aggregate::most ? -HUGE_VAL : 0;
  std::fill(sums.begin(), sums.end(), none);
  std::fill(voted.begin(), voted.end(), false);
  for (int64_t root : trees.roots)
    for (const Trees::Vote& vote : trees.leaves[NACRE_TRY(trees.leaf_of(root, row))]) {
      double& sum = sums[static_cast<size_t>(vote.target)];
      voted[static_cast<size_t>(vote.target)] = true;
      sum = how == Aggregate::least ? std::min(sum, vote.weight) : how == Aggregate::most ? std::max(sum, vote.weight) : sum + vote.weight;
    }
  if (how == Aggregate::average)
    for (double& sum : sums) sum /= static_cast<double>(std::max<size_t>(trees.roots.size(), 1));
  return {};
}

}  // namespace nacre
