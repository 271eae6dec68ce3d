// The graph's own rules, checked after import and, in tests, after every pass.
#include "graph/op.h"

namespace nacre {
namespace {

constexpr int kMaxDepth = 64;

class Verifier {
 public:
  Verifier(const Graph& graph, int depth) : graph_(graph), depth_(depth), made_(graph.edge_count()) {}

  Result<void> run() {
    if (depth_ > kMaxDepth) return fail(ErrorCode::invalid_model, "subgraphs nest deeper than ", kMaxDepth);
    if (graph_.outputs.size() != graph_.output_names.size()) return fail(ErrorCode::internal, "an output has no name");
    for (Edge edge : graph_.inputs) NACRE_TRY(make(edge, "graph input"));
    for (const Node& node : graph_.nodes)
      if (auto ok = check(node); !ok) return std::unexpected(ok.error().at(describe(node)));
    for (Edge edge : graph_.outputs) NACRE_TRY(use(edge));
    return {};
  }

 private:
  bool known(Edge edge) const { return static_cast<int32_t>(edge) >= 0 && index(edge) < graph_.edge_count(); }

  Result<void> make(Edge edge, std::string_view what) {
    if (!known(edge)) return fail(ErrorCode::internal, what, " is no edge of the graph");
    if (made_[index(edge)]) return fail(ErrorCode::invalid_model, "'", graph_[edge].name, "' is made twice");
    made_[index(edge)] = true;
    return {};
  }

  Result<void> use(Edge edge) const {
    if (!known(edge)) return fail(ErrorCode::internal, "uses an edge that is not in the graph");
    if (!made_[index(edge)] && !graph_.constant(edge))
      return fail(ErrorCode::invalid_model, "'", graph_[edge].name, "' is used before anything makes it");
    return {};
  }

  Result<void> check(const Node& node) {
    if (!node.op) return fail(ErrorCode::internal, "a node without an operator");
    for (Edge edge : node.inputs)
      if (edge != kAbsent) NACRE_TRY(use(edge));
    for (const Body& body : node.bodies) NACRE_TRY(check(node, body));
    for (Edge edge : node.outputs)
      if (edge != kAbsent) NACRE_TRY(make(edge, "a node's output"));
    return {};
  }

  Result<void> check(const Node& node, const Body& body) {
    for (int32_t position : body.captures)
      if (position < static_cast<int32_t>(node.formal_inputs()) || position >= static_cast<int32_t>(node.inputs.size()))
        return fail(ErrorCode::internal, "body '", body.name, "' captures input ", position);
    return Verifier(*body.graph, depth_ + 1).run();
  }

  const Graph& graph_;
  int depth_;
  std::vector<bool> made_;
};

}  // namespace

Result<void> verify(const Graph& graph) { return Verifier(graph, 0).run(); }

}  // namespace nacre
