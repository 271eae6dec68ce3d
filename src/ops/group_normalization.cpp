// GroupNormalization: y = (x - mean) / sqrt(variance + epsilon) * scale[c] + bias[c], moments over groups of channels.
// https://onnx.ai/onnx/operators/onnx__GroupNormalization.html
#include "ops/normalisation.h"

namespace nacre {
namespace {

Result<void> check_groups(const SymShape& x, int64_t groups) {
  if (x.size() < 2) return fail(ErrorCode::invalid_argument, "takes [n, c, ...], not ", x);
  if (groups < 1 || (x[1].is_constant() && *x[1].constant() % groups != 0))
    return fail(ErrorCode::invalid_model, x[1], " channels do not divide into num_groups ", groups);
  return {};
}

Result<void> infer(Inference& inference) {
  NACRE_TRY(same_as_input(inference));
  const SymShape* x = inference.shape(0);
  if (!x) return {};
  NACRE_TRY(check_groups(*x, inference.attributes().integer("num_groups", 0)));
  NACRE_TRY(check_parameter(inference, 1, (*x)[1]));
  return check_parameter(inference, 2, (*x)[1]);
}

Result<void> evaluate(Evaluation& e) {
  const Shape& shape = e.shape(0);
  const int64_t groups = e.attributes().integer("num_groups", 0);
  NACRE_TRY(check_groups(symbolic(shape), groups));
  const int64_t channels = shape[1], in_group = channels / groups, plane = NACRE_TRY(checked_count(std::span(shape).subspan(2)));
  const std::vector<double> scale = NACRE_TRY(parameters(e, 1, channels)), bias = NACRE_TRY(parameters(e, 2, channels));
  const double epsilon = e.attributes().real("epsilon", 1e-5f);
  Tensor* y = NACRE_TRY(e.output(0, shape));
  return map_rows(e, e.input(0), *y, in_group * plane, [&](int64_t row, std::span<double> x) {
    const auto [mean, variance] = moments_of(x);
    const double inverse = 1 / std::sqrt(variance + epsilon);
    for (int64_t i = 0; i < in_group * plane; ++i) {
      const int64_t channel = row % groups * in_group + i / plane;
      x[i] = (x[i] - mean) * inverse * scale[channel] + bias[channel];
    }
  });
}

// Opset 18 had one scale and bias for each group; each is repeated for the group's channels.
Result<void> upgrade(Upgrade& upgrade) {
  if (upgrade.version >= 21) return {};
  Builder& b = upgrade.builder;
  const int64_t groups = upgrade.node.attributes.integer("num_groups", 0);
  if (groups < 1) return fail(ErrorCode::invalid_model, "num_groups ", groups, ": expected at least 1");
  const Edge channels = b.add("Shape", {upgrade.node.inputs[0]}, {{"start", int64_t{1}}, {"end", int64_t{2}}});
  const Edge target = b.add("Concat", {b.ints({groups}), b.div(channels, b.ints({groups}))}, {{"axis", int64_t{0}}});
  for (size_t i : {1, 2}) {
    const Edge repeated = b.add("Expand", {b.unsqueeze(upgrade.input(i), {1}), target});
    upgrade.set_input(i, b.reshape(repeated, channels));
  }
  return b.status();
}

}  // namespace

extern const Op op_group_normalization;
const Op op_group_normalization{.name = "GroupNormalization",
                                .since = {18, 21},
                                .types = float_types,
                                .inputs = {3, 3},
                                .infer = infer,
                                .evaluate = evaluate,
                                .upgrade = upgrade,
                                .kind = OpKind::normalisation};

}  // namespace nacre
