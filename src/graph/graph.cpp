#include "graph/graph.h"

#include <algorithm>
#include <charconv>

#include "graph/op.h"

namespace nacre {

constexpr int64_t kLargestAvoided = int64_t{1} << 40;  // far from an overflow of the counter

Body::Body(std::string name, Graph graph) : name(std::move(name)), graph(std::make_unique<Graph>(std::move(graph))) {}
Body::Body(const Body& other)
    : name(other.name), graph(other.graph ? std::make_unique<Graph>(*other.graph) : nullptr), captures(other.captures) {}
Body::Body() = default;
Body::Body(Body&&) noexcept = default;
Body& Body::operator=(Body&&) noexcept = default;
Body& Body::operator=(const Body& other) { return *this = Body(other); }
Body::~Body() = default;
size_t Body::formal_inputs() const { return graph->inputs.size() - captures.size(); }

const Body* Node::body(std::string_view wanted) const noexcept {
  for (const Body& body : bodies)
    if (body.name == wanted) return &body;
  return nullptr;
}

std::string describe(const Node& node) { return cat(node.op ? node.op->name : "?", " \"", node.name, "\""); }

Edge Graph::add_edge(std::string edge_name, Fact fact) {
  edges_.push_back({std::move(edge_name), std::move(fact), nullptr});
  return Edge(static_cast<int32_t>(edges_.size() - 1));
}

Edge Graph::add_input(std::string edge_name, Fact fact) {
  inputs.push_back(add_edge(std::move(edge_name), std::move(fact)));
  return inputs.back();
}

Edge Graph::add_constant(Tensor value, std::string edge_name) {
  const Edge edge = add_edge(std::move(edge_name));
  make_constant(edge, std::move(value));
  return edge;
}

void Graph::make_constant(Edge edge, Tensor value) {
  edges_[index(edge)].fact = Fact::of(value);
  edges_[index(edge)].constant = std::make_shared<const Tensor>(std::move(value));
}

void Graph::add_output(Edge edge, std::string edge_name) {
  outputs.push_back(edge);
  output_names.push_back(std::move(edge_name));
}

Uses::Uses(const Graph& graph) : consumers(graph.edge_count()), producer(graph.edge_count(), -1), is_output(graph.edge_count()) {
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    for (Edge edge : graph.nodes[n].inputs)
      if (edge != kAbsent) consumers[index(edge)].push_back(static_cast<int32_t>(n));
    for (Edge edge : graph.nodes[n].outputs)
      if (edge != kAbsent) producer[index(edge)] = static_cast<int32_t>(n);
  }
  for (Edge edge : graph.outputs) is_output[index(edge)] = true;
}

namespace {

// Orders the nodes that outputs depend on, producers first, keeping the given order where it is free. Iterative: graphs
// can be deeper than the stack.
class Sorter {
 public:
  explicit Sorter(const Graph& graph) : graph_(graph), uses_(graph), state_(graph.nodes.size(), State::fresh) {}

  Result<std::vector<int32_t>> run() {
    mark_needed();
    for (size_t n = 0; n < graph_.nodes.size(); ++n)
      if (state_[n] == State::needed) NACRE_TRY(visit(static_cast<int32_t>(n)));
    return std::move(order_);
  }

 private:
  enum class State : uint8_t { fresh, needed, open, done };

  int32_t producer_of(Edge edge) const { return edge == kAbsent || graph_.constant(edge) ? -1 : uses_.producer[index(edge)]; }

  void mark_needed() {
    std::vector<int32_t> stack;
    auto need = [&](Edge edge) {
      const int32_t node = producer_of(edge);
      if (node < 0 || state_[node] != State::fresh) return;
      state_[node] = State::needed;
      stack.push_back(node);
    };
    for (Edge edge : graph_.outputs) need(edge);
    while (!stack.empty()) {
      const int32_t node = stack.back();
      stack.pop_back();
      for (Edge edge : graph_.nodes[node].inputs) need(edge);
    }
  }

  Result<void> visit(int32_t root) {
    std::vector<std::pair<int32_t, size_t>> stack{{root, 0}};
    state_[root] = State::open;
    while (!stack.empty()) {
      auto& [node, next] = stack.back();
      const std::vector<Edge>& inputs = graph_.nodes[node].inputs;
      if (next == inputs.size()) {
        state_[node] = State::done;
        order_.push_back(node);
        stack.pop_back();
        continue;
      }
      const int32_t before = producer_of(inputs[next++]);
      if (before < 0 || state_[before] == State::done) continue;
      if (state_[before] == State::open)
        return fail(ErrorCode::invalid_model, "the graph has a cycle through ", describe(graph_.nodes[before]));
      state_[before] = State::open;
      stack.push_back({before, 0});
    }
    return {};
  }

  const Graph& graph_;
  Uses uses_;
  std::vector<State> state_;
  std::vector<int32_t> order_;
};

}  // namespace

Result<void> Graph::tidy() {
  const std::vector<int32_t> order = NACRE_TRY(Sorter(*this).run());
  std::vector<Node> kept;
  kept.reserve(order.size());
  for (int32_t n : order) kept.push_back(std::move(nodes[n]));
  nodes = std::move(kept);

  std::vector<Edge> renumbered(edges_.size(), kAbsent);
  std::vector<EdgeInfo> live;
  live.reserve(edges_.size());
  auto keep = [&](Edge& edge) {
    if (edge == kAbsent) return;
    Edge& now = renumbered[index(edge)];
    if (now == kAbsent) {
      now = Edge(static_cast<int32_t>(live.size()));
      live.push_back(std::move(edges_[index(edge)]));
    }
    edge = now;
  };
  for (Edge& edge : inputs) keep(edge);
  for (Node& node : nodes) {
    for (Edge& edge : node.inputs) keep(edge);
    for (Edge& edge : node.outputs) keep(edge);
  }
  for (Edge& edge : outputs) keep(edge);
  edges_ = std::move(live);
  return {};
}

Edge Rewriter::resolve(Edge edge) const {
  // Chains are short; a cycle would be a bug of the pass, so stop after as many steps as there are entries.
  for (size_t step = 0; step <= map_.size(); ++step) {
    auto found = map_.find(edge);
    if (found == map_.end()) return edge;
    edge = found->second;
  }
  return edge;
}

Result<void> Rewriter::apply() {
  if (!map_.empty()) {
    for (Node& node : graph_.nodes)
      for (Edge& edge : node.inputs) edge = resolve(edge);
    for (Edge& edge : graph_.outputs) edge = resolve(edge);
    map_.clear();
  }
  return graph_.tidy();
}

bool Graph::avoid_symbol(std::string_view name) {
  if (!name.starts_with('?')) return true;
  int64_t number = 0;
  const auto [end, error] = std::from_chars(name.data() + 1, name.data() + name.size(), number);
  if (end != name.data() + name.size() || (error != std::errc() && error != std::errc::result_out_of_range)) return true;
  if (error != std::errc() || number > kLargestAvoided) return false;
  fresh_ = std::max(fresh_, number);
  return true;
}

}  // namespace nacre
