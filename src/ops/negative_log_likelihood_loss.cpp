// NegativeLogLikelihoodLoss: -x[n, target[n]], weighted by class, reduced to the weighted mean, the sum or not at all.
// https://onnx.ai/onnx/operators/onnx__NegativeLogLikelihoodLoss.html
#include "ops/class_loss.h"

namespace nacre {
namespace {

Result<void> evaluate(Evaluation& e) {
  std::vector<double> converted;
  return class_loss(e, elements_as<double>(e.input(0), converted));
}

}  // namespace

extern const Op op_negative_log_likelihood_loss;
const Op op_negative_log_likelihood_loss{.name = "NegativeLogLikelihoodLoss",
                                         .since = {12, 13, 22},
                                         .types = float_types,
                                         .inputs = {2, 3},
                                         .infer = infer_loss,
                                         .evaluate = evaluate};

}  // namespace nacre
