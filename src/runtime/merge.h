// Neighbouring parts of a graph that are to run as one.
#pragma once

#include "graph/graph.h"

namespace nacre {

/// Parts of nodes that can run one after the other, each of one owner (a position in an order of preference): those of one owner
/// that an edge joins become one where no path between them leads through another part. Earlier owners and larger parts go first.
/// Returns the parts in an order of execution, the nodes of each in the graph's.
std::vector<std::vector<size_t>> merge_components(const Graph& graph, const Uses& uses, const std::vector<size_t>& owner,
                                                  std::vector<std::vector<size_t>> parts);

}  // namespace nacre
