// Evaluates a graph node by node with the operators' own loops: the reference backend, constant folding and bodies.
#pragma once

#include <functional>

#include "core/allocate.h"
#include "graph/graph.h"

namespace nacre {

struct InterpreterOptions {
  MemoryBudget* budget = nullptr;            // null: unlimited
  std::function<Result<void>()> checkpoint;  // asked between nodes
  std::function<void(const Node&, double milliseconds, std::span<const Value> outputs)> observe;
};

/// The graph's outputs. `inputs` as the graph orders them, checked by the caller.
Result<std::vector<Value>> interpret(const Graph& graph, std::span<const Value> inputs, const InterpreterOptions& options);

/// Evaluates one node. Exceptions from wrong value kinds and every error come back naming the node.
class Evaluation;
Result<void> evaluate_node(const Node& node, Evaluation& evaluation);

/// Bytes of all tensors in `values`.
int64_t bytes_of(std::span<const Value> values);

}  // namespace nacre
