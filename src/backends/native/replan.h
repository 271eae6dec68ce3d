// Plans for further shapes from one that was made: nodes that see nothing new keep their step, the others are inferred and get one.
#pragma once

#include "backends/native/outline.h"
#include "backends/native/plan.h"

namespace nacre::native {

/// A decoder's past grows with every step, and few of its nodes see that. For graphs without bodies in which no shape waits for
/// results and no image changes its layout.
class Replanner {
 public:
  /// `graph`: as the outline bound it.
  Replanner(Graph graph, const std::shared_ptr<PackCache>& cache) : graph_(std::move(graph)), steps_(graph_.nodes.size()), cache_(cache) {}

  /// What `make_plan` does with the outline's graph for inputs of these facts. Null where that is not for this class, or fails: it is of
  /// no use any more then.
  std::shared_ptr<const Plan> plan(const Outline& outline, std::span<const Fact> inputs);

 private:
  bool infer(Node& node, std::vector<bool>& changed);
  std::vector<bool> live_nodes() const;
  bool has_step(size_t position);

  Graph graph_;                             // with the facts of the last plan; known integers are constants
  std::vector<std::optional<Step>> steps_;  // by node, of the last plan that had it
  std::shared_ptr<const Graph> nodes_;      // what all plans share; null before the first
  std::shared_ptr<PackCache> cache_;
};

}  // namespace nacre::native
