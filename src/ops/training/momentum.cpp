// Momentum: v = alpha * v + beta * g, then x -= rate * v, or with `mode` "nesterov" x -= rate * (g + alpha * v).
// https://onnx.ai/onnx/operators/onnx_aionnxpreviewtraining_Momentum.html
#include <cmath>

#include "ops/training/optimizer.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) { return infer_optimizer(inference, 3); }

Result<void> evaluate(Evaluation& e) {
  const Attributes& a = e.attributes();
  const double norm = a.real("norm_coefficient", 0), alpha = a.real("alpha", 0), beta = a.real("beta", 0);
  const std::string mode = a.string("mode", "standard");
  if (mode != "standard" && mode != "nesterov")
    return fail(ErrorCode::invalid_model, "mode is \"", mode, "\", not \"standard\" or \"nesterov\"");
  return update_all(e, 3, [=, nesterov = mode == "nesterov"](double rate, double step, std::span<double> values) {
    double &x = values[0], &v = values[2];
    const double g = norm * x + values[1];
    v = alpha * v + (step > 0 ? beta : 1) * g;
    x -= rate * (nesterov ? g + alpha * v : v);
  });
}

}  // namespace

extern const Op op_training_momentum;
const Op op_training_momentum{.name = "Momentum",
                              .domain = "ai.onnx.preview.training",
                              .since = {1},
                              .types = TypeSet{DType::float32, DType::float64},
                              .inputs = {3, kMany},
                              .outputs = {1, kMany},
                              .infer = infer,
                              .evaluate = evaluate};

}  // namespace nacre
