#include "backends/native/replan.h"

#include <algorithm>

#include "backends/native/layout.h"
#include "backends/native/places.h"
#include "graph/builder.h"
#include "passes/known_values.h"

namespace nacre::native {
namespace {

bool all_concrete(const Graph& graph, std::span<const Edge> edges) {
  return std::all_of(edges.begin(), edges.end(), [&](Edge edge) { return edge == kAbsent || is_concrete(graph.fact(edge)); });
}

/// Regions of images with channels last are decided for the whole graph.
bool starts_region(const NodeView& view) {
  const Kernel* kernel = find_channels_last(view);
  return kernel && kernel->last.starts;
}

bool is_same(const Fact& a, const Fact& b) {
  if (a.kind != b.kind || a.dtype != b.dtype || a.shape != b.shape || a.element || b.element) return false;
  return a.values == b.values || (a.values && b.values && *a.values == *b.values);
}

}  // namespace

std::shared_ptr<const Plan> Replanner::plan(const Outline& outline, std::span<const Fact> inputs) {
  const bool first = !nodes_;
  std::vector<bool> changed(graph_.edge_count());
  if (!outline.rebind(graph_, inputs, changed)) return nullptr;
  for (size_t n = 0; n < graph_.nodes.size(); ++n) {
    Node& node = graph_.nodes[n];
    const auto is_changed = [&](Edge edge) { return edge != kAbsent && changed[index(edge)]; };
    if (!first && std::none_of(node.inputs.begin(), node.inputs.end(), is_changed)) continue;
    if (!infer(node, changed)) return nullptr;
    steps_[n].reset();
  }
  if (first) nodes_ = std::make_shared<const Graph>(graph_);
  auto out = std::make_shared<Plan>();
  out->graph = nodes_;
  const std::vector<bool> live = live_nodes();
  for (size_t n = 0; n < live.size(); ++n) {
    if (!live[n]) continue;
    if (!steps_[n] && !has_step(n)) return nullptr;
    out->steps.push_back(*steps_[n]);
  }
  for (size_t i = 0; i < graph_.edge_count(); ++i) out->constants.push_back(graph_[Edge(int32_t(i))].constant);
  place_values(graph_, *out);
  return out;
}

/// Marks the outputs that differ from the last plan's. A constant that stays keeps its address, by which packed weights are known.
bool Replanner::infer(Node& node, std::vector<bool>& changed) {
  std::vector<EdgeInfo> before;
  for (Edge edge : node.outputs) {
    before.push_back(edge == kAbsent ? EdgeInfo() : graph_[edge]);
    if (edge != kAbsent) graph_[edge].constant = nullptr;
  }
  if (!node.bodies.empty() || !infer_node(graph_, node)) return false;
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    const Edge edge = node.outputs[i];
    if (edge == kAbsent) continue;
    if (is_same(graph_.fact(edge), before[i].fact)) {
      graph_[edge].constant = before[i].constant;
      if (nodes_) continue;
    }
    changed[index(edge)] = true;
    if (std::optional<Tensor> known = known_tensor(graph_.fact(edge))) graph_.make_constant(edge, std::move(*known));
  }
  return true;
}

std::vector<bool> Replanner::live_nodes() const {
  std::vector<bool> live(graph_.nodes.size()), needed(graph_.edge_count());
  for (Edge edge : graph_.outputs) needed[index(edge)] = true;
  for (size_t n = live.size(); n-- > 0;) {
    const Node& node = graph_.nodes[n];
    live[n] = std::any_of(node.outputs.begin(), node.outputs.end(),
                          [&](Edge edge) { return edge != kAbsent && needed[index(edge)] && !graph_.constant(edge); });
    for (Edge edge : node.inputs)
      if (live[n] && edge != kAbsent) needed[index(edge)] = true;
  }
  return live;
}

bool Replanner::has_step(size_t position) {
  const Node& node = graph_.nodes[position];
  if (!all_concrete(graph_, node.inputs) || !all_concrete(graph_, node.outputs) || starts_region({graph_, node})) return false;
  auto step = make_step(graph_, position, {}, cache_);
  if (!step) return false;
  steps_[position] = std::move(*step);
  return true;
}

}  // namespace nacre::native
