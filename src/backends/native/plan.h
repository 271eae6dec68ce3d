// A graph bound to concrete input shapes: steps with kernels, and a place in one arena for every value whose size is known.
#pragma once

#include "backends/native/kernel.h"

namespace nacre::native {

class Program;
struct NodeLayout;

struct Step {
  int32_t node = 0;
  const Kernel* kernel = nullptr;  // null: plain evaluation
  std::shared_ptr<const void> prepared;
  std::vector<int32_t> releases;  // edges whose value is not in the arena and dies here
  std::vector<std::shared_ptr<Program>> bodies;
  bool view = false;  // output 0 is input 0 under another shape
  double flops = 0;   // for profiles; 0: not known
};

/// Where an edge's value lies in a run.
struct Place {
  int64_t offset = -1;  // in the arena; -1: it is a value of its own
  int64_t bytes = 0;
  std::optional<Shape> shape;  // of a tensor whose dtype and shape are known
};

struct Plan {
  std::shared_ptr<const Graph> graph;                    // known integers folded; its shapes may be those of another plan
  std::vector<std::shared_ptr<const Tensor>> constants;  // by edge
  std::vector<Step> steps;
  std::vector<Place> places;  // by edge
  int64_t arena_bytes = 0;
  std::string largest;  // the node with the largest output, for messages
  /// What can only be planned once these steps have run, because a shape depends on their results.
  std::shared_ptr<Program> rest;
  std::vector<Edge> rest_inputs;      // edges of `graph` it takes
  std::vector<int32_t> rest_outputs;  // positions among the graph's outputs that it gives

  /// The dtype and shape of an edge, as far as they are known.
  Fact fact(Edge edge) const;
};

/// The step of one node under the graph's facts. `layout`: what the layout of images decided for it.
Result<Step> make_step(const Graph& graph, size_t position, const NodeLayout& layout, const std::shared_ptr<PackCache>& cache);

/// Binds `graph` (a copy to keep) to inputs of these facts.
/// `depth`: how many plans already waited for others' results. Beyond a limit nothing waits any more: nodes whose shapes are
/// not known are evaluated plainly, so that chains of them do not nest without end.
Result<std::shared_ptr<const Plan>> make_plan(Graph graph, std::span<const Fact> inputs, const std::shared_ptr<PackCache>& cache,
                                              int depth = 0);

}  // namespace nacre::native
