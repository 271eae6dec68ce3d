// A graph without what follows from the inputs' dims alone: made once per model, it makes planning for new shapes cheap.
#pragma once

#include <optional>

#include "graph/graph.h"

namespace nacre::native {

/// Exporters spell every target of a Reshape as a dozen nodes on integers. Inference knows those integers as expressions
/// of the inputs' symbols: their makers are left out, and binding evaluates the expressions.
class Outline {
 public:
  explicit Outline(const Graph& graph);
  /// True where `bind` gives something, unless an expression overflows.
  bool takes(std::span<const Fact> inputs) const { return usable_ && bindings(inputs); }

  /// The graph for inputs of these facts, its known integers as constants. Nothing where a symbol stands for two sizes or
  /// a dim is 0 (broadcasting 0 with 1 is where expressions may err): plan the full graph then.
  std::optional<Graph> bind(std::span<const Fact> inputs) const;
  /// Turns a graph that `bind` gave into the one for inputs of these facts, and marks the edges whose fact or constant
  /// changes by that; all others' are to be inferred. False where `bind` gives nothing: the graph is of no use then.
  bool rebind(Graph& graph, std::span<const Fact> inputs, std::vector<bool>& changed) const;

 private:
  struct Known {
    Edge edge;
    DType dtype;
    Shape shape;
    std::shared_ptr<const std::vector<SymDim>> values;
  };
  std::optional<Bindings> bindings(std::span<const Fact> inputs) const;
  void drop_known_makers(const Bindings& probe);
  void list_known();

  Graph graph_;
  std::vector<Known> known_;
  bool usable_ = false;
};

}  // namespace nacre::native
