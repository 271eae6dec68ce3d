// Shared by NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss.
#pragma once

#include "ops/op.h"

namespace nacre {

/// Input 0 as [outer, classes, inner]; the targets are [outer, inner].
struct ClassShape {
  int64_t outer = 1, classes = 1, inner = 1;
  /// Checks the target's shape and the weights' too.
  static Result<ClassShape> of(const Evaluation& e);
};

Result<void> infer_loss(Inference& inference);

/// Output 0 from log-probabilities in the shape of input 0, targets in input 1 and class weights in input 2, by the
/// attributes `reduction` and `ignore_index`.
Result<void> class_loss(Evaluation& e, const double* log_prob);

}  // namespace nacre
