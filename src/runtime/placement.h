// Which backend runs which nodes.
#pragma once

#include "runtime/backend.h"

namespace nacre {

/// A run of nodes for one backend, as a graph of its own.
struct Region {
  const Backend* backend = nullptr;
  std::string reason;
  Graph graph;
  std::vector<Edge> inputs, outputs;  // edges of the whole graph, in the order of `graph`'s
};

struct Placement {
  std::vector<Region> regions;  // in order of execution
  Report report;
};

/// Gives every node to the first of `order` that supports it. `strict`: a node the first one does not take is an error.
Result<Placement> place(const Graph& graph, std::span<const Backend* const> order, bool strict);

}  // namespace nacre
