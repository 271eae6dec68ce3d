// Shared by Loop and Scan: facts of carried values, and outputs that grow by one element an iteration.
#pragma once

#include "ops/op.h"

namespace nacre {

/// Finds facts that hold in every iteration for the carried values, whose first ones are `initial`, and sets the node's
/// outputs for their last ones. `before` and `after` are the facts of the body's other formal inputs; carried results are
/// the body's outputs from `first_result` on. Gives the facts of all body outputs.
Result<std::vector<Fact>> infer_carried(Inference& inference, std::span<const Fact> before, std::vector<Fact> initial,
                                        std::span<const Fact> after, size_t first_result);

/// Collects one tensor an iteration and joins them along a new first axis. Memory is charged as it grows, so that an
/// endless loop meets the run's budget.
class Accumulator {
 public:
  Result<void> append(Evaluation& e, const Tensor& element);
  /// Output `i`; without any element see empty_output.
  Result<void> finish(Evaluation& e, size_t i);

 private:
  Tensor rows_;  // [capacity, ...]
  int64_t count_ = 0, capacity_ = 0;
};

/// Output `i` of a loop that never ran: nothing along `axis`, the other dims as inference knows them from these very inputs (0 for
/// unknown ones).
Result<void> empty_output(Evaluation& e, size_t i, int64_t axis = 0);

}  // namespace nacre
