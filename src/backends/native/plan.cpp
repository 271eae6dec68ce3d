#include "backends/native/plan.h"

#include <algorithm>
#include <map>

#include "backends/native/layout.h"
#include "backends/native/program.h"
#include "core/checked.h"
#include "graph/builder.h"
#include "ops/inference.h"
#include "passes/inline_if.h"
#include "passes/known_values.h"

namespace nacre::native {
namespace {

constexpr int64_t kAlignment = 64;
constexpr int kMaxWaits = 16;
constexpr int64_t kLargestPlace = int64_t{1} << 46;  // so that sums of places do not overflow

int64_t aligned(int64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

bool is_concrete(const Fact& fact) { return fact.is_tensor() && fact.dtype != DType::undefined && fact.has_constant_shape(); }
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
  Planner(Graph graph, const std::shared_ptr<PackCache>& cache, int depth) : cache_(cache), depth_(depth) {
    plan_->graph = std::move(graph);
  }

  Result<std::shared_ptr<const Plan>> run(std::span<const Fact> inputs) {
    Graph& graph = plan_->graph;
    for (size_t i = 0; i < inputs.size(); ++i) graph[graph.inputs[i]].fact = inputs[i];
    NACRE_TRY(infer_graph(graph));
    // Shapes decide some Ifs, and each one decided may tell more shapes.
    while (NACRE_TRY(inline_known_ifs(graph))) NACRE_TRY(infer_graph(graph));
    if (fold_known_integers(graph)) NACRE_TRY(graph.tidy());
    if (depth_ < kMaxWaits) split();
    layouts_ = lay_out(graph, plan_->rest_inputs);
    NACRE_TRY(make_steps());
    place_values();
    return std::shared_ptr<const Plan>(plan_);
  }

 private:
  Graph& graph() { return plan_->graph; }

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
    for (size_t n = 0; n < graph().nodes.size(); ++n) {
      const Node& node = graph().nodes[n];
      Step step;
      step.node = int32_t(n);
      const auto settled = [&](Edge edge) { return edge == kAbsent || is_concrete(graph().fact(edge)); };
      const bool concrete =
          std::all_of(node.outputs.begin(), node.outputs.end(), settled) && std::all_of(node.inputs.begin(), node.inputs.end(), settled);
      const NodeView view{graph(), node};
      const NodeLayout& layout = layouts_[n];
      step.view = layout.view || (concrete && !layout.kernel && is_view(view));
      step.kernel = layout.kernel;
      if (concrete && !step.view && !step.kernel) step.kernel = find_kernel(view);
      if (concrete && node.op->cost) step.flops = node.op->cost(view);
      if (step.kernel && step.kernel->prepare) {
        auto prepared = step.kernel->prepare(view, *cache_);
        if (!prepared) return std::unexpected(std::move(prepared.error().at(describe(node))));
        step.prepared = std::move(*prepared);
      }
      for (const Body& body : node.bodies) step.bodies.push_back(std::make_shared<Program>(*body.graph, cache_, 1));
      plan_->steps.push_back(std::move(step));
    }
    return {};
  }

  // --- memory ---

  // An edge's storage is that of its root: views share their input's, in-place results their dying input's.
  void place_values() {
    const size_t edges = graph().edge_count();
    plan_->places.resize(edges);
    for (size_t i = 0; i < edges; ++i)
      if (const Fact& fact = graph().fact(Edge(int32_t(i))); is_concrete(fact)) plan_->places[i].shape = constant_shape(*fact.shape);
    root_.resize(edges);
    for (size_t i = 0; i < edges; ++i) root_[i] = int32_t(i);
    first_.assign(edges, -1);
    last_.assign(edges, -1);
    find_uses();
    mark_plannable();
    share_storage();
    assign_offsets();
    list_releases();
  }

  void find_uses() {
    const int32_t end = int32_t(graph().nodes.size());
    for (int32_t n = 0; n < end; ++n) {
      for (Edge edge : graph().nodes[n].inputs)
        if (edge != kAbsent) last_[index(edge)] = n;
      for (Edge edge : graph().nodes[n].outputs)
        if (edge != kAbsent) first_[index(edge)] = n, last_[index(edge)] = std::max(last_[index(edge)], n);
    }
    for (Edge edge : graph().outputs) last_[index(edge)] = end;
    for (Edge edge : plan_->rest_inputs) last_[index(edge)] = end;
  }

  // Outputs of the graph and what the rest takes outlive the run's arena; strings and sequences own their memory.
  void mark_plannable() {
    plannable_.assign(graph().edge_count(), false);
    for (const Node& node : graph().nodes)
      for (Edge edge : node.outputs) {
        if (edge == kAbsent || !is_concrete(graph().fact(edge)) || graph().fact(edge).dtype == DType::string) continue;
        auto bytes = checked_bytes(graph().fact(edge).dtype, *plan_->places[index(edge)].shape);
        if (!bytes || *bytes == 0 || *bytes > kLargestPlace) continue;  // its own allocation says what is wrong with it
        plan_->places[index(edge)].bytes = *bytes;
        plannable_[index(edge)] = true;
      }
    for (Edge edge : graph().outputs) plannable_[index(edge)] = false;
    for (Edge edge : plan_->rest_inputs) plannable_[index(edge)] = false;
  }

  void share_storage() {
    for (const Step& step : plan_->steps) {
      const Node& node = graph().nodes[step.node];
      if (node.outputs.empty() || node.outputs[0] == kAbsent || !plannable_[index(node.outputs[0])]) continue;
      if (step.view)
        share(node.inputs[0], node.outputs[0]);
      else
        share_in_place(step, node);
    }
  }

  void share(Edge from, Edge to) {
    const int32_t root = root_[index(from)];
    if (!plannable_[root]) {
      plannable_[index(to)] = false;  // a view of an input or constant is made when the run has it
      return;
    }
    root_[index(to)] = root;
    last_[root] = std::max(last_[root], last_[index(to)]);
  }

  // Sum and its kin walk their inputs one after the other: one that comes again would find the sum so far in its place.
  bool is_read_twice(const Node& node, int32_t root) const {
    return std::count_if(node.inputs.begin(), node.inputs.end(), [&](Edge edge) { return edge != kAbsent && root_[index(edge)] == root; }) >
           1;
  }

  void share_in_place(const Step& step, const Node& node) {
    const Edge out = node.outputs[0];
    for (size_t i = 0; i < node.formal_inputs() && i < 32; ++i) {
      if (!(node.op->may_alias >> i & 1) || node.inputs[i] == kAbsent) continue;
      const int32_t root = root_[index(node.inputs[i])];
      const Fact &a = graph().fact(node.inputs[i]), &b = graph().fact(out);
      if (!plannable_[root] || last_[root] != step.node || a.dtype != b.dtype || !(*a.shape == *b.shape)) continue;
      if (node.formal_inputs() > 2 && is_read_twice(node, root)) continue;
      root_[index(out)] = root;
      last_[root] = std::max(last_[root], last_[index(out)]);
      return;
    }
  }

  // Best fit in order of first use: a free block is reused as soon as its owner is dead.
  void assign_offsets() {
    std::map<int64_t, int64_t> free;  // offset -> bytes
    std::vector<std::vector<int32_t>> dying(graph().nodes.size() + 1);
    int64_t largest = -1;
    for (const Step& step : plan_->steps) {
      for (Edge edge : graph().nodes[step.node].outputs) {
        if (edge == kAbsent || !plannable_[index(edge)] || root_[index(edge)] != int32_t(index(edge))) continue;
        Place& place = plan_->places[index(edge)];
        if (place.bytes > largest) largest = place.bytes, plan_->largest = describe(graph().nodes[step.node]);
        place.offset = take(free, aligned(place.bytes));
        dying[size_t(last_[index(edge)])].push_back(int32_t(index(edge)));
      }
      for (int32_t edge : dying[size_t(step.node)]) give(free, plan_->places[edge].offset, aligned(plan_->places[edge].bytes));
    }
    for (size_t i = 0; i < root_.size(); ++i)
      if (plannable_[i]) plan_->places[i].offset = plan_->places[root_[i]].offset;
  }

  int64_t take(std::map<int64_t, int64_t>& free, int64_t bytes) {
    auto best = free.end();
    for (auto block = free.begin(); block != free.end(); ++block)
      if (block->second >= bytes && (best == free.end() || block->second < best->second)) best = block;
    if (best == free.end()) {
      // The last block may grow into new memory.
      int64_t offset = plan_->arena_bytes;
      if (!free.empty() && std::prev(free.end())->first + std::prev(free.end())->second == offset) {
        offset = std::prev(free.end())->first;
        free.erase(std::prev(free.end()));
      }
      plan_->arena_bytes = offset + bytes;
      return offset;
    }
    const auto [offset, size] = *best;
    free.erase(best);
    if (size > bytes) free[offset + bytes] = size - bytes;
    return offset;
  }

  static void give(std::map<int64_t, int64_t>& free, int64_t offset, int64_t bytes) {
    auto next = free.lower_bound(offset);
    if (next != free.end() && offset + bytes == next->first) bytes += next->second, next = free.erase(next);
    if (next != free.begin() && std::prev(next)->first + std::prev(next)->second == offset)
      std::prev(next)->second += bytes;
    else
      free[offset] = bytes;
  }

  void list_releases() {
    const int32_t end = int32_t(graph().nodes.size());
    for (size_t i = 0; i < root_.size(); ++i)
      if (plan_->places[i].offset < 0 && last_[i] >= 0 && last_[i] < end) plan_->steps[size_t(last_[i])].releases.push_back(int32_t(i));
  }

  std::shared_ptr<PackCache> cache_;
  int depth_;
  Layouts layouts_;
  std::shared_ptr<Plan> plan_ = std::make_shared<Plan>();
  std::vector<int32_t> root_, first_, last_;
  std::vector<bool> plannable_;
};

}  // namespace

Result<std::shared_ptr<const Plan>> make_plan(Graph graph, std::span<const Fact> inputs, const std::shared_ptr<PackCache>& cache,
                                              int depth) {
  return Planner(std::move(graph), cache, depth).run(inputs);
}

}  // namespace nacre::native
