// Nodes are given to the first backend that supports them, then neighbours in the order of execution that share a backend
// form a region. A graph that one backend takes whole, the usual case, is one region with its inputs and outputs as they are.
#include "runtime/placement.h"

#include <algorithm>

#include "graph/op.h"

namespace nacre {
namespace {

class Placer {
 public:
  Placer(const Graph& graph, std::span<const Backend* const> order, bool strict)
      : graph_(graph), uses_(graph), order_(order), strict_(strict) {}

  Result<Placement> run() {
    for (const Node& node : graph_.nodes) owner_.push_back(NACRE_TRY(choose(node)));
    const bool whole = std::all_of(owner_.begin(), owner_.end(), [&](const Backend* b) { return b == owner_.front(); });
    if (whole)
      add_whole();
    else
      for (size_t begin = 0; begin < owner_.size();) begin = add_run(begin);
    finish_report();
    return std::move(out_);
  }

 private:
  Result<const Backend*> choose(const Node& node) {
    for (const Backend* backend : order_) {
      if (backend->supports(graph_, node)) return backend;
      if (strict_) {
        Error error(ErrorCode::unsupported, cat("backend '", backend->name, "' does not support it, and strict forbids fallback"));
        return std::unexpected(error.at(describe(node)));
      }
    }
    Error error(ErrorCode::unsupported, "no backend supports it");
    return std::unexpected(error.at(describe(node)));
  }

  std::string reason_for(const Backend* backend) const {
    return backend == order_[0] ? "first choice" : cat("not supported by ", order_[0]->name);
  }

  void add_whole() {
    Region region;
    region.backend = owner_.empty() ? order_[0] : owner_[0];
    region.reason = reason_for(region.backend);
    region.graph = graph_;
    region.inputs = graph_.inputs;
    region.outputs = graph_.outputs;
    out_.regions.push_back(std::move(region));
  }

  bool used_after(Edge edge, size_t end) const {
    if (uses_.is_output[index(edge)]) return true;
    const auto& consumers = uses_.consumers[index(edge)];
    return std::any_of(consumers.begin(), consumers.end(), [&](int32_t n) { return n >= static_cast<int32_t>(end); });
  }

  size_t add_run(size_t begin) {
    size_t end = begin;
    while (end < owner_.size() && owner_[end] == owner_[begin]) ++end;
    Region region;
    region.backend = owner_[begin];
    region.reason = reason_for(region.backend);
    region.graph.avoid_symbols_of(graph_);
    std::unordered_map<Edge, Edge> inside;
    for (size_t n = begin; n < end; ++n) copy_node(graph_.nodes[n], region, inside);
    for (size_t n = begin; n < end; ++n)
      for (Edge edge : graph_.nodes[n].outputs)
        if (edge != kAbsent && used_after(edge, end)) {
          region.outputs.push_back(edge);
          region.graph.add_output(inside[edge], graph_[edge].name);
        }
    out_.regions.push_back(std::move(region));
    return end;
  }

  void copy_node(const Node& node, Region& region, std::unordered_map<Edge, Edge>& inside) {
    Node copy = node;
    for (Edge& edge : copy.inputs) edge = import_edge(edge, region, inside);
    for (Edge& edge : copy.outputs) {
      if (edge == kAbsent) continue;
      const Edge now = region.graph.add_edge(graph_[edge].name, graph_.fact(edge));
      inside[edge] = now;
      edge = now;
    }
    region.graph.nodes.push_back(std::move(copy));
  }

  Edge import_edge(Edge edge, Region& region, std::unordered_map<Edge, Edge>& inside) {
    if (edge == kAbsent) return kAbsent;
    if (auto found = inside.find(edge); found != inside.end()) return found->second;
    Edge now;
    if (const EdgeInfo& info = graph_[edge]; info.constant) {
      now = region.graph.add_edge(info.name, info.fact);
      region.graph[now].constant = info.constant;
    } else {
      now = region.graph.add_input(info.name, info.fact);
      region.inputs.push_back(edge);
    }
    return inside[edge] = now;
  }

  void finish_report() {
    for (const Region& region : out_.regions) {
      PlacedRegion placed{std::string(region.backend->name), region.reason, {}};
      for (const Node& node : region.graph.nodes) placed.nodes.push_back(describe(node));
      if (region.backend != order_[0])
        out_.report.warnings.push_back(
            cat(placed.nodes.size(), " node(s) run on ", placed.backend, ": ", placed.reason, ", first ", placed.nodes[0]));
      out_.report.regions.push_back(std::move(placed));
    }
    if (out_.regions.size() > 1)
      for (const Region& region : out_.regions) out_.report.crossings += static_cast<int64_t>(region.inputs.size());
  }

  const Graph& graph_;
  Uses uses_;
  std::span<const Backend* const> order_;
  bool strict_;
  std::vector<const Backend*> owner_;
  Placement out_;
};

}  // namespace

Result<Placement> place(const Graph& graph, std::span<const Backend* const> order, bool strict) {
  return Placer(graph, order, strict).run();
}

}  // namespace nacre
