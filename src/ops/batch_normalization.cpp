// BatchNormalization: y = (x - mean[c]) / sqrt(variance[c] + epsilon) * scale[c] + bias[c].
// In training mode the moments are the batch's own, and outputs 1 and 2 are running = running * momentum + own * (1 - momentum).
// https://onnx.ai/onnx/operators/onnx__BatchNormalization.html
#include "ops/normalisation.h"

namespace nacre {
namespace {

SymDim channels_of(const SymShape& x) { return x.size() > 1 ? x[1] : SymDim(1); }

Result<void> infer(Inference& inference) {
  NACRE_TRY(same_as_input(inference));
  const SymShape* x = inference.shape(0);
  for (size_t i : {1, 2}) inference.set(i, inference.dtype(3), x ? std::optional(SymShape{channels_of(*x)}) : std::nullopt);
  for (size_t i = 1; x && i < 5; ++i) NACRE_TRY(check_parameter(inference, i, channels_of(*x)));
  if ((inference.has_output(1) || inference.has_output(2)) && inference.attributes().integer("training_mode", 0) == 0)
    return fail(ErrorCode::invalid_model, "has running statistics as outputs and is not in training mode");
  return {};
}

// The moments of each channel over batch and space.
std::vector<Moments> batch_moments(const Tensor& x, int64_t channels, int64_t plane) {
  std::vector<Moments> out(static_cast<size_t>(channels), {0, 0});
  std::vector<double> row(static_cast<size_t>(plane));
  const double count = static_cast<double>(channels ? x.size() / channels : 0);
  const auto over_rows = [&](auto add) {
    for (int64_t at = 0; at < x.size(); at += plane) {
      load_as<double>(x.dtype(), x.raw(), at, plane, row.data());
      for (double value : row) add(out[at / plane % channels], value);
    }
  };
  over_rows([&](Moments& m, double value) { m.mean += value / count; });
  over_rows([&](Moments& m, double value) { m.variance += (value - m.mean) * (value - m.mean) / count; });
  return out;
}

Result<void> store_running(Evaluation& e, size_t output, const std::vector<double>& values) {
  Tensor* out = NACRE_TRY(e.output(output, e.dtype(3), {static_cast<int64_t>(values.size())}));
  store_from<double>(out->dtype(), out->mutable_raw(), 0, out->size(), values.data());
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const Shape& shape = e.shape(0);
  if (shape.empty()) return fail(ErrorCode::invalid_argument, "takes [n, c, ...], not a scalar");
  const int64_t channels = shape.size() > 1 ? shape[1] : 1;
  const int64_t plane = shape.size() > 2 ? NACRE_TRY(checked_count(std::span(shape).subspan(2))) : 1;
  const std::vector<double> scale = NACRE_TRY(parameters(e, 1, channels)), bias = NACRE_TRY(parameters(e, 2, channels));
  std::vector<double> mean = NACRE_TRY(parameters(e, 3, channels)), variance = NACRE_TRY(parameters(e, 4, channels));
  const double epsilon = e.attributes().real("epsilon", 1e-5f), momentum = e.attributes().real("momentum", 0.9f);
  if (e.attributes().integer("training_mode", 0) != 0) {
    const std::vector<Moments> own = batch_moments(e.input(0), channels, plane);
    for (int64_t c = 0; c < channels; ++c) {
      mean[c] = mean[c] * momentum + own[c].mean * (1 - momentum);
      variance[c] = variance[c] * momentum + own[c].variance * (1 - momentum);
    }
    NACRE_TRY(store_running(e, 1, mean));
    NACRE_TRY(store_running(e, 2, variance));
    for (int64_t c = 0; c < channels; ++c) mean[c] = own[c].mean, variance[c] = own[c].variance;
  }
  Tensor* y = NACRE_TRY(e.output(0, shape));
  return map_rows(e, e.input(0), *y, plane, [&](int64_t row, std::span<double> x) {
    const int64_t c = row % channels;
    const double inverse = 1 / std::sqrt(variance[c] + epsilon);
    for (double& value : x) value = (value - mean[c]) * inverse * scale[c] + bias[c];
  });
}

// spatial = 0 (opsets 1-8): every activation has parameters of its own, [c, d1, ...], which broadcast against the batch.
Edge per_activation(Upgrade& upgrade, float epsilon) {
  Builder& b = upgrade.builder;
  const Edge x = upgrade.input(0), deviation = b.sqrt(b.add(upgrade.input(4), b.scalar(epsilon, x)));
  return b.add(b.mul(b.div(b.sub(x, upgrade.input(3)), deviation), upgrade.input(1)), upgrade.input(2));
}

// Opsets below 14 trained when the node had more than one output; outputs 3 and 4 were the batch's own moments.
Result<void> train(Upgrade& upgrade) {
  Builder& b = upgrade.builder;
  Node& node = upgrade.node;
  node.attributes.set("training_mode", int64_t{1});
  if (node.outputs.size() <= 3) return {};
  std::vector<Edge> out = b.add_many("BatchNormalization", node.inputs, 3, node.attributes);
  const Edge x = node.inputs[0];
  const auto& shape = upgrade.fact(0).shape;
  if (!shape) return fail(ErrorCode::unsupported, "saved moments of an input of unknown rank");
  std::vector<int64_t> axes{0};
  for (size_t d = 2; d < shape->size(); ++d) axes.push_back(static_cast<int64_t>(d));
  const Edge off = b.sub(x, b.reduce("ReduceMean", x, axes));
  out.push_back(b.reduce("ReduceMean", x, axes, false));
  out.push_back(b.reduce("ReduceMean", b.mul(off, off), axes, false));
  out.resize(node.outputs.size());
  upgrade.replace(std::move(out));
  return b.status();
}

Result<void> upgrade(Upgrade& upgrade) {
  if (upgrade.version >= 14) return {};
  Attributes& attributes = upgrade.node.attributes;
  const bool spatial = attributes.integer("spatial", 1) != 0, is_test = attributes.integer("is_test", 0) != 0;
  for (const char* name : {"spatial", "is_test", "consumed_inputs"}) attributes.erase(name);
  std::vector<Edge>& outputs = upgrade.node.outputs;
  while (outputs.size() > 1 && (outputs.back() == kAbsent || is_test)) outputs.pop_back();
  if (!spatial) {
    if (outputs.size() > 1) return fail(ErrorCode::unsupported, "training with spatial = 0");
    upgrade.replace({per_activation(upgrade, attributes.real("epsilon", 1e-5f))});
    return upgrade.builder.status();
  }
  return outputs.size() > 1 ? train(upgrade) : Result<void>();
}

}  // namespace

extern const Op op_batch_normalization;
const Op op_batch_normalization{.name = "BatchNormalization",
                                .since = {1, 6, 7, 9, 14, 15},
                                .types = float_types,
                                .inputs = {5, 5},
                                .outputs = {1, 3},
                                .infer = infer,
                                .evaluate = evaluate,
                                .upgrade = upgrade,
                                .kind = OpKind::normalisation};

}  // namespace nacre
