// If whose condition is known becomes the nodes of the branch it takes. Exporters ask for shapes this way ("if this dim is
// 1, squeeze it"): once the shapes are known only one branch is left, and with it a rank that is known too.
#include "passes/inline_if.h"

#include "graph/op.h"
#include "passes/pass.h"

namespace nacre {
namespace {

std::optional<bool> known_condition(const Graph& graph, const Node& node) {
  if (node.op->name != "If" || !node.op->domain.empty() || !node.has_input(0)) return std::nullopt;
  const Edge condition = node.inputs[0];
  if (const Tensor* constant = graph.constant(condition))
    return constant->dtype() == DType::boolean && constant->size() == 1 ? std::optional(constant->data<bool>()[0]) : std::nullopt;
  const auto& values = graph.fact(condition).values;  // of a comparison: 0 or 1
  if (!values || values->size() != 1 || !values->front().is_constant()) return std::nullopt;
  return !values->front().is(0);
}

class Inliner {
 public:
  explicit Inliner(Graph& graph) : graph_(graph), rewriter_(graph) {}

  Result<bool> run() {
    std::vector<Node> nodes = std::move(graph_.nodes);
    graph_.nodes.clear();
    for (Node& node : nodes) {
      const std::optional<bool> taken = known_condition(graph_, node);
      const Body* branch = taken ? node.body(*taken ? "then_branch" : "else_branch") : nullptr;
      if (branch && branch->graph->outputs.size() >= node.outputs.size())
        splice(node, *branch);
      else
        graph_.nodes.push_back(std::move(node));
    }
    if (!rewriter_.changed()) return false;
    NACRE_TRY(rewriter_.apply());
    return true;
  }

 private:
  void splice(const Node& node, const Body& branch) {
    const Graph& inner = *branch.graph;
    std::vector<Edge> outer(inner.edge_count(), kAbsent);
    for (size_t k = 0; k < branch.captures.size(); ++k) outer[index(inner.inputs[k])] = node.inputs[size_t(branch.captures[k])];
    const auto enter = [&](Edge edge) {
      if (edge == kAbsent) return kAbsent;
      Edge& own = outer[index(edge)];
      if (own != kAbsent) return own;
      own = graph_.add_edge({}, inner.fact(edge));  // unnamed: two branches may use one name
      graph_[own].constant = inner[edge].constant;
      return own;
    };
    for (const Node& each : inner.nodes) {
      Node copy = each;
      for (Edge& edge : copy.inputs) edge = enter(edge);
      for (Edge& edge : copy.outputs) edge = enter(edge);
      graph_.nodes.push_back(std::move(copy));
    }
    for (size_t i = 0; i < node.outputs.size(); ++i)
      if (node.outputs[i] != kAbsent) rewriter_.replace(node.outputs[i], enter(inner.outputs[i]));
  }

  Graph& graph_;
  Rewriter rewriter_;
};

Result<bool> run(Graph& graph, const PassOptions&) { return inline_known_ifs(graph); }

}  // namespace

Result<bool> inline_known_ifs(Graph& graph) { return Inliner(graph).run(); }

extern const Pass pass_inline_if;
const Pass pass_inline_if{.name = "inline_if", .level = PassLevel::standard, .order = 5, .run = run};

}  // namespace nacre
