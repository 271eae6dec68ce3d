#include "backends/native/places.h"

#include <algorithm>
#include <map>

#include "core/checked.h"
#include "graph/op.h"

namespace nacre::native {
namespace {

constexpr int64_t kAlignment = 64;
constexpr int64_t kLargestPlace = int64_t{1} << 46;  // so that sums of places do not overflow

int64_t aligned(int64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

// An edge's storage is that of its root: views share their input's, in-place results their dying input's.
class Placer {
 public:
  Placer(const Graph& graph, Plan& plan) : graph_(graph), plan_(plan) {}

  void run() {
    const size_t edges = graph_.edge_count();
    plan_.places.resize(edges);
    for (size_t i = 0; i < edges; ++i)
      if (const Fact& fact = graph_.fact(Edge(int32_t(i))); is_concrete(fact)) plan_.places[i].shape = constant_shape(*fact.shape);
    root_.resize(edges);
    for (size_t i = 0; i < edges; ++i) root_[i] = int32_t(i);
    last_.assign(edges, -1);
    find_uses();
    mark_plannable();
    share_storage();
    assign_offsets();
    list_releases();
  }

 private:
  const Node& node_of(const Step& step) const { return graph_.nodes[size_t(step.node)]; }

  void find_uses() {
    const int32_t end = int32_t(plan_.steps.size());
    for (int32_t position = 0; position < end; ++position) {
      const Node& node = node_of(plan_.steps[position]);
      for (Edge edge : node.inputs)
        if (edge != kAbsent) last_[index(edge)] = position;
      for (Edge edge : node.outputs)
        if (edge != kAbsent) last_[index(edge)] = std::max(last_[index(edge)], position);
    }
    for (Edge edge : graph_.outputs) last_[index(edge)] = end;
    for (Edge edge : plan_.rest_inputs) last_[index(edge)] = end;
  }

  // Outputs of the graph and what the rest takes outlive the run's arena; strings and sequences own their memory.
  void mark_plannable() {
    plannable_.assign(graph_.edge_count(), false);
    for (const Step& step : plan_.steps)
      for (Edge edge : node_of(step).outputs) {
        if (edge == kAbsent || !is_concrete(graph_.fact(edge)) || graph_.fact(edge).dtype == DType::string) continue;
        auto bytes = checked_bytes(graph_.fact(edge).dtype, *plan_.places[index(edge)].shape);
        if (!bytes || *bytes == 0 || *bytes > kLargestPlace) continue;  // its own allocation says what is wrong with it
        plan_.places[index(edge)].bytes = *bytes;
        plannable_[index(edge)] = true;
      }
    for (Edge edge : graph_.outputs) plannable_[index(edge)] = false;
    for (Edge edge : plan_.rest_inputs) plannable_[index(edge)] = false;
  }

  void share_storage() {
    for (int32_t position = 0; position < int32_t(plan_.steps.size()); ++position) {
      const Step& step = plan_.steps[position];
      const Node& node = node_of(step);
      if (node.outputs.empty() || node.outputs[0] == kAbsent || !plannable_[index(node.outputs[0])]) continue;
      if (step.view)
        share(node.inputs[0], node.outputs[0]);
      else
        share_in_place(position, node);
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

  void share_in_place(int32_t position, const Node& node) {
    const Edge out = node.outputs[0];
    for (size_t i = 0; i < node.formal_inputs() && i < 32; ++i) {
      if (!(node.op->may_alias >> i & 1) || node.inputs[i] == kAbsent) continue;
      const int32_t root = root_[index(node.inputs[i])];
      const Fact &a = graph_.fact(node.inputs[i]), &b = graph_.fact(out);
      if (!plannable_[root] || last_[root] != position || a.dtype != b.dtype || !(*a.shape == *b.shape)) continue;
      if (node.formal_inputs() > 2 && is_read_twice(node, root)) continue;
      root_[index(out)] = root;
      last_[root] = std::max(last_[root], last_[index(out)]);
      return;
    }
  }

  // Best fit in order of first use: a free block is reused as soon as its owner is dead.
  void assign_offsets() {
    std::map<int64_t, int64_t> free;  // offset -> bytes
    std::vector<std::vector<int32_t>> dying(plan_.steps.size() + 1);
    int64_t largest = -1;
    for (size_t position = 0; position < plan_.steps.size(); ++position) {
      const Node& node = node_of(plan_.steps[position]);
      for (Edge edge : node.outputs) {
        if (edge == kAbsent || !plannable_[index(edge)] || root_[index(edge)] != int32_t(index(edge))) continue;
        Place& place = plan_.places[index(edge)];
        if (place.bytes > largest) largest = place.bytes, plan_.largest = describe(node);
        place.offset = take(free, aligned(place.bytes));
        dying[size_t(last_[index(edge)])].push_back(int32_t(index(edge)));
      }
      for (int32_t edge : dying[position]) give(free, plan_.places[edge].offset, aligned(plan_.places[edge].bytes));
    }
    for (size_t i = 0; i < root_.size(); ++i)
      if (plannable_[i]) plan_.places[i].offset = plan_.places[root_[i]].offset;
  }

  int64_t take(std::map<int64_t, int64_t>& free, int64_t bytes) {
    auto best = free.end();
    for (auto block = free.begin(); block != free.end(); ++block)
      if (block->second >= bytes && (best == free.end() || block->second < best->second)) best = block;
    if (best == free.end()) {
      // The last block may grow into new memory.
      int64_t offset = plan_.arena_bytes;
      if (!free.empty() && std::prev(free.end())->first + std::prev(free.end())->second == offset) {
        offset = std::prev(free.end())->first;
        free.erase(std::prev(free.end()));
      }
      plan_.arena_bytes = offset + bytes;
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
    const int32_t end = int32_t(plan_.steps.size());
    for (size_t i = 0; i < root_.size(); ++i)
      if (plan_.places[i].offset < 0 && last_[i] >= 0 && last_[i] < end) plan_.steps[size_t(last_[i])].releases.push_back(int32_t(i));
  }

  const Graph& graph_;
  Plan& plan_;
  std::vector<int32_t> root_, last_;  // by edge: whose storage it has; the position of the step that reads it last
  std::vector<bool> plannable_;
};

}  // namespace

bool is_concrete(const Fact& fact) {
  if (!fact.is_tensor() || fact.dtype == DType::undefined || !fact.shape) return false;
  return std::all_of(fact.shape->begin(), fact.shape->end(), [](const SymDim& dim) { return dim.is_constant(); });
}

Fact Plan::fact(Edge edge) const {
  const std::optional<Shape>& shape = places[index(edge)].shape;
  return shape ? Fact::tensor(graph->fact(edge).dtype, symbolic(*shape)) : graph->fact(edge);
}

void place_values(const Graph& graph, Plan& plan) { Placer(graph, plan).run(); }

}  // namespace nacre::native
