// Nodes are given to the first backend that supports them. Where more than one has nodes, a node's stage is the largest number
// of changes of backend on a path to it: nodes of one stage and one backend never wait for each other through another backend,
// so that their connected components are regions that can run one after the other. A graph that one backend takes whole, the
// usual case, is one region with its inputs and outputs as they are.
#include "runtime/placement.h"

#include <algorithm>
#include <numeric>

#include "graph/op.h"
#include "runtime/merge.h"

namespace nacre {
namespace {

class Placer {
 public:
  Placer(const Graph& graph, std::span<const Target> order, bool strict, const Exclusions& excluded)
      : graph_(graph), uses_(graph), order_(order), strict_(strict), excluded_(excluded) {}

  Result<Placement> run() {
    for (size_t n = 0; n < graph_.nodes.size(); ++n) NACRE_TRY(choose(n));
    const bool whole = std::all_of(owner_.begin(), owner_.end(), [&](size_t owner) { return owner == owner_.front(); });
    if (whole)
      add_whole();
    else
      add_components();
    finish_report();
    return std::move(out_);
  }

 private:
  // --- who takes a node ---

  Result<void> choose(size_t n) {
    const Node& node = graph_.nodes[n];
    std::string reason;
    for (size_t i = 0; i < order_.size(); ++i) {
      const auto refused = excluded_.find({i, n});
      if (refused == excluded_.end() && order_[i].backend->supports(graph_, node)) {
        owner_.push_back(i);
        reasons_.push_back(reason.empty() ? "first choice" : std::move(reason));
        return {};
      }
      const std::string why = refused == excluded_.end() ? cat("not supported by ", order_[i].text()) : refused->second;
      if (strict_) {
        Error error(ErrorCode::unsupported, refused == excluded_.end()
                                                ? cat("backend '", order_[i].text(), "' does not support it, and strict forbids fallback")
                                                : cat(why, "; strict forbids fallback"));
        return std::unexpected(error.at(describe(node)));
      }
      if (reason.empty()) reason = why;
    }
    Error error(ErrorCode::unsupported, cat("no backend takes it: ", reason));
    return std::unexpected(error.at(describe(node)));
  }

  // --- regions ---

  void add_whole() {
    Region region;
    region.target = owner_.empty() ? order_[0] : order_[owner_[0]];
    region.reason = owner_.empty() ? "first choice" : reasons_[0];
    region.graph = graph_;
    region.inputs = graph_.inputs;
    region.outputs = graph_.outputs;
    region.nodes.resize(graph_.nodes.size());
    std::iota(region.nodes.begin(), region.nodes.end(), size_t{0});
    out_.regions.push_back(std::move(region));
  }

  std::vector<int32_t> stages() const {
    std::vector<int32_t> stage(graph_.nodes.size());
    for (size_t n = 0; n < stage.size(); ++n)
      for (Edge edge : graph_.nodes[n].inputs)
        if (const int32_t from = edge == kAbsent ? -1 : uses_.producer[index(edge)]; from >= 0)
          stage[n] = std::max(stage[n], stage[size_t(from)] + (owner_[size_t(from)] != owner_[n]));
    return stage;
  }

  size_t root(size_t n) {
    while (leader_[n] != n) n = leader_[n] = leader_[leader_[n]];
    return n;
  }

  // The smallest position of a component leads it.
  void join(size_t a, size_t b) {
    a = root(a), b = root(b);
    leader_[std::max(a, b)] = std::min(a, b);
  }

  void add_components() {
    const std::vector<int32_t> stage = stages();
    leader_.resize(owner_.size());
    std::iota(leader_.begin(), leader_.end(), size_t{0});
    for (size_t n = 0; n < owner_.size(); ++n)
      for (Edge edge : graph_.nodes[n].inputs)
        if (const int32_t from = edge == kAbsent ? -1 : uses_.producer[index(edge)]; from >= 0)
          if (owner_[size_t(from)] == owner_[n] && stage[size_t(from)] == stage[n]) join(size_t(from), n);
    std::map<std::pair<int32_t, size_t>, std::vector<size_t>> components;  // (stage, leader) -> nodes: an order of execution
    for (size_t n = 0; n < owner_.size(); ++n) components[{stage[n], root(n)}].push_back(n);
    std::vector<std::vector<size_t>> found;
    for (auto& [key, nodes] : components) found.push_back(std::move(nodes));
    found = merge_components(graph_, uses_, owner_, std::move(found));
    for (const std::vector<size_t>& nodes : found)
      for (size_t n : nodes) leader_[n] = nodes[0];
    for (std::vector<size_t>& nodes : found) add_region(std::move(nodes));
  }

  void add_region(std::vector<size_t> nodes) {
    Region region;
    region.target = order_[owner_[nodes[0]]];
    region.reason = reasons_[nodes[0]];
    region.graph.avoid_symbols_of(graph_);
    region.graph.opsets = graph_.opsets;
    std::unordered_map<Edge, Edge> inside;
    for (size_t n : nodes) copy_node(graph_.nodes[n], region, inside);
    for (size_t n : nodes)
      for (Edge edge : graph_.nodes[n].outputs)
        if (edge != kAbsent && used_outside(edge, n)) {
          region.outputs.push_back(edge);
          region.graph.add_output(inside[edge], graph_[edge].name);
        }
    region.nodes = std::move(nodes);
    out_.regions.push_back(std::move(region));
  }

  bool used_outside(Edge edge, size_t producer) {
    if (uses_.is_output[index(edge)]) return true;
    const auto& consumers = uses_.consumers[index(edge)];
    return std::any_of(consumers.begin(), consumers.end(), [&](int32_t n) { return root(size_t(n)) != root(producer); });
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

  // --- the report ---

  void finish_report() {
    std::map<std::pair<size_t, std::string>, std::pair<size_t, size_t>> fallbacks;  // (owner, reason) -> nodes, the first one
    for (const Region& region : out_.regions) {
      PlacedRegion placed{region.target.text(), region.reason, {}, {}};
      for (size_t n : region.nodes) {
        placed.nodes.push_back(describe(graph_.nodes[n]));
        placed.reasons.push_back(reasons_[n]);
        if (owner_[n] != 0) ++fallbacks.try_emplace({owner_[n], reasons_[n]}, 0, n).first->second.first;
      }
      out_.report.regions.push_back(std::move(placed));
    }
    for (const auto& [key, nodes] : fallbacks)
      out_.report.warnings.push_back(cat(nodes.first, " node(s) run on ", order_[key.first].text(), ": ", key.second, ", first ",
                                         describe(graph_.nodes[nodes.second])));
    for (const Region& region : out_.regions) out_.report.crossings += crossings_into(region);
  }

  // What another backend made; the run's own inputs are handed to each alike.
  int64_t crossings_into(const Region& region) const {
    return std::ranges::count_if(region.inputs, [&](Edge edge) {
      const int32_t from = uses_.producer[index(edge)];
      return from >= 0 && owner_[size_t(from)] != owner_[region.nodes[0]];
    });
  }

  const Graph& graph_;
  Uses uses_;
  std::span<const Target> order_;
  bool strict_;
  const Exclusions& excluded_;
  std::vector<size_t> owner_;  // positions in order_, by node
  std::vector<std::string> reasons_;
  std::vector<size_t> leader_;
  Placement out_;
};

}  // namespace

Result<Placement> place(const Graph& graph, std::span<const Target> order, bool strict, const Exclusions& excluded) {
  return Placer(graph, order, strict, excluded).run();
}

}  // namespace nacre
