// InstanceNormalization: y = (x - mean) / sqrt(variance + epsilon) * scale[c] + bias[c], over each plane of x[n, c, ...].
// https://onnx.ai/onnx/operators/onnx__InstanceNormalization.html
#include "ops/normalisation.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  NACRE_TRY(same_as_input(inference));
  const SymShape* x = inference.shape(0);
  if (!x) return {};
  if (x->size() < 2) return fail(ErrorCode::invalid_argument, "takes [n, c, ...], not ", *x);
  NACRE_TRY(check_parameter(inference, 1, (*x)[1]));
  return check_parameter(inference, 2, (*x)[1]);
}

Result<void> evaluate(Evaluation& e) {
  const Shape& shape = e.shape(0);
  if (shape.size() < 2) return fail(ErrorCode::invalid_argument, "takes [n, c, ...], not ", shape);
  const int64_t channels = shape[1], plane = NACRE_TRY(checked_count(std::span(shape).subspan(2)));
  const std::vector<double> scale = NACRE_TRY(parameters(e, 1, channels)), bias = NACRE_TRY(parameters(e, 2, channels));
  const double epsilon = e.attributes().real("epsilon", 1e-5f);
  Tensor* y = NACRE_TRY(e.output(0, shape));
  return map_rows(e, e.input(0), *y, plane, [&](int64_t row, std::span<double> x) {
    const auto [mean, variance] = moments_of(x);
    const double inverse = 1 / std::sqrt(variance + epsilon), factor = scale[row % channels], shift = bias[row % channels];
    for (double& value : x) value = (value - mean) * inverse * factor + shift;
  });
}

Result<void> upgrade(Upgrade& upgrade) {
  upgrade.node.attributes.erase("consumed_inputs");
  return {};
}

}  // namespace

extern const Op op_instance_normalization;
const Op op_instance_normalization{.name = "InstanceNormalization",
                                   .since = {1, 6, 22},
                                   .types = float_types,
                                   .inputs = {3, 3},
                                   .infer = infer,
                                   .evaluate = evaluate,
                                   .upgrade = upgrade,
                                   .kind = OpKind::normalisation};

}  // namespace nacre
