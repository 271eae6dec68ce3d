// Adagrad: x -= rate / (1 + step * decay) * g / (sqrt(h) + epsilon), h the sum of squared gradients.
// https://onnx.ai/onnx/operators/onnx_aionnxpreviewtraining_Adagrad.html
#include <cmath>

#include "ops/training/optimizer.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) { return infer_optimizer(inference, 3); }

Result<void> evaluate(Evaluation& e) {
  const Attributes& a = e.attributes();
  const double norm = a.real("norm_coefficient", 0), decay = a.real("decay_factor", 0), epsilon = a.real("epsilon", 1e-6f);
  return update_all(e, 3, [=](double rate, double step, std::span<double> v) {
    double &x = v[0], &h = v[2];
    const double g = norm * x + v[1];
    h += g * g;
    x -= rate / (1 + step * decay) * g / (std::sqrt(h) + epsilon);
  });
}

}  // namespace

extern const Op op_training_adagrad;
const Op op_training_adagrad{.name = "Adagrad",
                             .domain = "ai.onnx.preview.training",
                             .since = {1},
                             .types = TypeSet{DType::float32, DType::float64},
                             .inputs = {3, kMany},
                             .outputs = {1, kMany},
                             .infer = infer,
                             .evaluate = evaluate};

}  // namespace nacre
