// Adam: x -= rate * v / (sqrt(h) + epsilon), v and h running means of the gradient and its square, their bias corrected.
// https://onnx.ai/onnx/operators/onnx_aionnxpreviewtraining_Adam.html
#include <cmath>

#include "ops/training/optimizer.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) { return infer_optimizer(inference, 4); }

Result<void> evaluate(Evaluation& e) {
  const Attributes& a = e.attributes();
  const double norm = a.real("norm_coefficient", 0), norm_post = a.real("norm_coefficient_post", 0), epsilon = a.real("epsilon", 1e-6f);
  const double alpha = a.real("alpha", 0.9f), beta = a.real("beta", 0.999f);
  return update_all(e, 4, [=](double rate, double step, std::span<double> values) {
    double &x = values[0], &v = values[2], &h = values[3];
    const double g = norm * x + values[1];
    v = alpha * v + (1 - alpha) * g;
    h = beta * h + (1 - beta) * g * g;
    const double adjusted = step > 0 ? rate * std::sqrt(1 - std::pow(beta, step)) / (1 - std::pow(alpha, step)) : rate;
    x = (1 - norm_post) * (x - adjusted * v / (std::sqrt(h) + epsilon));
  });
}

}  // namespace

extern const Op op_training_adam;
const Op op_training_adam{.name = "Adam",
                          .domain = "ai.onnx.preview.training",
                          .since = {1},
                          .types = TypeSet{DType::float32, DType::float64},
                          .inputs = {3, kMany},
                          .outputs = {1, kMany},
                          .infer = infer,
                          .evaluate = evaluate};

}  // namespace nacre
