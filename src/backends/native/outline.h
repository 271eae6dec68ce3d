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

  /// The graph for inputs of these facts, its known integers as constants. Nothing where a symbol stands for two sizes or
  /// a dim is 0 (broadcasting 0 with 1 is where expressions may err): plan the full graph then.
  std::optional<Graph> bind(std::span<const Fact> inputs) const;

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
