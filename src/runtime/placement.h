// Which backend runs which nodes.
#pragma once

#include <map>

#include "runtime/targets.h"

namespace nacre {

/// Connected nodes for one backend, as a graph of its own.
struct Region {
  Target target;
  std::string reason;
  Graph graph;
  std::vector<Edge> inputs, outputs;  // edges of the whole graph, in the order of `graph`'s
  std::vector<size_t> nodes;          // positions in the whole graph
};

struct Placement {
  std::vector<Region> regions;  // in order of execution
  Report report;
};

/// (position in the order, node) that shall not be, and why: what a backend refused when it compiled.
using Exclusions = std::map<std::pair<size_t, size_t>, std::string>;

/// Gives every node to the first of `order` that supports it. `strict`: a node the first one does not take is an error.
Result<Placement> place(const Graph& graph, std::span<const Target> order, bool strict, const Exclusions& excluded = {});

}  // namespace nacre
