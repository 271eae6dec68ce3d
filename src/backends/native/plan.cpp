#include "backends/native/plan.h"

#include <algorithm>

#include "backends/native/layout.h"
#include "backends/native/places.h"
#include "backends/native/program.h"
#include "graph/builder.h"
#include "ops/inference.h"
#include "passes/inline_if.h"
#include "passes/known_values.h"

namespace nacre::native {
namespace {

constexpr int kMaxWaits = 16;

/// Sequences, optionals and maps need no shape to be handed on.
bool is_settled(const Fact& fact) { return is_concrete(fact) || (fact.kind != Fact::Kind::tensor && fact.kind != Fact::Kind::unknown); }

/// Inference under concrete shapes knows most integer tensors: they become constants and their makers vanish.
bool fold_known_integers(Graph& graph) {
  bool any = false;
  for (const Node& node : graph.nodes) {
    for (Edge edge : node.outputs) {
      if (edge == kAbsent || graph.constant(edge)) continue;
      std::optional<Tensor> tensor = known_tensor(graph.fact(edge));
      if (!tensor) continue;
      graph.make_constant(edge, std::move(*tensor));
      any = true;
    }
  }
  return any;
}

class Planner {
 public:
  Planner(Graph graph, const std::shared_ptr<PackCache>& cache, int depth)
      : cache_(cache), depth_(depth), graph_(std::make_shared<Graph>(std::move(graph))) {}

  Result<std::shared_ptr<const Plan>> run(std::span<const Fact> inputs) {
    Graph& graph = *graph_;
    for (size_t i = 0; i < inputs.size(); ++i) graph[graph.inputs[i]].fact = inputs[i];
    NACRE_TRY(infer_graph(graph));
    // Shapes decide some Ifs, and each one decided may tell more shapes.
    while (NACRE_TRY(inline_known_ifs(graph))) NACRE_TRY(infer_graph(graph));
    if (fold_known_integers(graph)) NACRE_TRY(graph.tidy());
    if (depth_ < kMaxWaits) split();
    layouts_ = lay_out(graph, plan_->rest_inputs);
    NACRE_TRY(make_steps());
    plan_->graph = graph_;
    for (size_t i = 0; i < graph.edge_count(); ++i) plan_->constants.push_back(graph[Edge(int32_t(i))].constant);
    place_values(graph, *plan_);
    return std::shared_ptr<const Plan>(plan_);
  }

 private:
  Graph& graph() { return *graph_; }

  // --- what must wait for results ---

  /// Nodes with an input whose shape is not known yet, and whatever follows them, go to a program of their own that is
  /// bound when the values are there.
  void split() {
    std::vector<bool> waiting(graph().edge_count());
    std::vector<Node> now, later;
    for (Node& node : graph().nodes) {
      bool ready = true;
      for (Edge edge : node.inputs) ready = ready && (edge == kAbsent || (!waiting[index(edge)] && known(edge)));
      if (!ready)
        for (Edge edge : node.outputs)
          if (edge != kAbsent) waiting[index(edge)] = true;
      (ready ? now : later).push_back(std::move(node));
    }
    graph().nodes = std::move(now);
    if (later.empty()) return;
    make_rest(std::move(later), waiting);
  }

  bool known(Edge edge) { return graph().constant(edge) || is_settled(graph().fact(edge)); }

  void make_rest(std::vector<Node> nodes, const std::vector<bool>& waiting) {
    Graph rest;
    rest.avoid_symbols_of(graph());
    std::unordered_map<Edge, Edge> inside;
    auto enter = [&](Edge edge) {
      if (edge == kAbsent) return kAbsent;
      if (auto found = inside.find(edge); found != inside.end()) return found->second;
      const EdgeInfo& info = graph()[edge];
      const Edge own = rest.add_edge(info.name, info.fact);
      rest[own].constant = info.constant;
      if (!info.constant && !waiting[index(edge)]) {
        rest.inputs.push_back(own);
        plan_->rest_inputs.push_back(edge);
      }
      return inside[edge] = own;
    };
    for (Node& node : nodes) {
      for (Edge& edge : node.inputs) edge = enter(edge);
      for (Edge& edge : node.outputs) edge = enter(edge);
      rest.nodes.push_back(std::move(node));
    }
    for (size_t i = 0; i < graph().outputs.size(); ++i) {
      const Edge edge = graph().outputs[i];
      if (!waiting[index(edge)]) continue;
      plan_->rest_outputs.push_back(int32_t(i));
      rest.add_output(inside[edge], graph().output_names[i]);
    }
    plan_->rest = std::make_shared<Program>(std::move(rest), cache_, depth_ + 1);
  }

  // --- steps ---

  Result<void> make_steps() {
    for (size_t n = 0; n < graph().nodes.size(); ++n) plan_->steps.push_back(NACRE_TRY(make_step(graph(), n, layouts_[n], cache_)));
    return {};
  }

  std::shared_ptr<PackCache> cache_;
  int depth_;
  Layouts layouts_;
  std::shared_ptr<Graph> graph_;
  std::shared_ptr<Plan> plan_ = std::make_shared<Plan>();
};

}  // namespace

Result<Step> make_step(const Graph& graph, size_t position, const NodeLayout& layout, const std::shared_ptr<PackCache>& cache) {
  const Node& node = graph.nodes[position];
  Step step;
  step.node = int32_t(position);
  const auto settled = [&](Edge edge) { return edge == kAbsent || is_concrete(graph.fact(edge)); };
  const bool concrete =
      std::all_of(node.outputs.begin(), node.outputs.end(), settled) && std::all_of(node.inputs.begin(), node.inputs.end(), settled);
  const NodeView view{graph, node};
  step.view = layout.view || (concrete && !layout.kernel && is_view(view));
  step.kernel = layout.kernel;
  if (concrete && !step.view && !step.kernel) step.kernel = find_kernel(view);
  if (concrete && node.op->cost) step.flops = node.op->cost(view);
  if (step.kernel && step.kernel->prepare) {
    auto prepared = step.kernel->prepare(view, *cache);
    if (!prepared) return std::unexpected(std::move(prepared.error().at(describe(node))));
    step.prepared = std::move(*prepared);
  }
  for (const Body& body : node.bodies) step.bodies.push_back(std::make_shared<Program>(*body.graph, cache, 1));
  return step;
}

Result<std::shared_ptr<const Plan>> make_plan(Graph graph, std::span<const Fact> inputs, const std::shared_ptr<PackCache>& cache,
                                              int depth) {
  return Planner(std::move(graph), cache, depth).run(inputs);
}

}  // namespace nacre::native
