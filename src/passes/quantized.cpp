#include "passes/quantized.h"

#include <algorithm>
#include <cmath>

#include "core/convert.h"
#include "core/text.h"
#include "ops/nacre/activation.h"

namespace nacre {
namespace {

bool is_byte(DType dtype) { return dtype == DType::int8 || dtype == DType::uint8; }

std::vector<double> doubles(const Tensor& x) {
  std::vector<double> out(size_t(x.size()));
  load_as<double>(x.dtype(), x.raw(), 0, x.size(), out.data());
  return out;
}

bool is_plain_float(const Tensor* scale) {
  if (!scale || scale->dtype() != DType::float32) return false;
  const std::vector<double> values = doubles(*scale);
  return std::all_of(values.begin(), values.end(), [](double x) { return x > 0 && std::isfinite(x); });
}

// Inputs 1 and 2 of QuantizeLinear and DequantizeLinear where they are constants of one element.
std::optional<Codes> parameters_of(const Graph& graph, const Node& node, DType dtype) {
  const Tensor* scale = graph.constant(node.inputs[1]);
  if (!is_byte(dtype) || !is_plain_float(scale) || scale->size() != 1 || node.attributes.integer("block_size", 0) != 0) return std::nullopt;
  Codes out{.scale = node.inputs[1], .step = float(doubles(*scale)[0]), .dtype = dtype};
  if (!node.has_input(2)) return out;
  const Tensor* zero = graph.constant(node.inputs[2]);
  if (!zero || zero->size() != 1 || zero->dtype() != dtype) return std::nullopt;
  out.zero = node.inputs[2], out.origin = int32_t(doubles(*zero)[0]);
  return out;
}

/// What Relu and Clip leave of the real numbers.
struct Interval {
  double low = -HUGE_VAL, high = HUGE_VAL;
  void clamp(double least, double most) { low = std::min(std::max(low, least), most), high = std::min(std::max(high, least), most); }
};

bool narrow(const Graph& graph, const Node& node, Interval& interval) {
  const std::optional<FusedActivation> found = fused_activation(NodeView{graph, node});
  if (!found || (found->name != "relu" && found->name != "clip")) return false;
  const bool is_clip = found->name == "clip";
  interval.clamp(is_clip ? double(found->alpha) : 0.0, is_clip ? double(found->beta) : HUGE_VAL);
  return true;
}

}  // namespace

int32_t Codes::code(double value) const {
  const double rounded = std::nearbyint(double(float(value / double(step)))) + origin;
  return int32_t(std::clamp(rounded, double(least()), double(most())));
}

std::optional<Codes> codes_of(const Match& match, Edge edge) {
  const Graph& graph = match.graph();
  const Node* node = match.maker(edge, "DequantizeLinear");
  if (!node || graph.fact(edge).dtype != DType::float32) return std::nullopt;
  std::optional<Codes> out = parameters_of(graph, *node, graph.fact(node->inputs[0]).dtype);
  if (out) out->edge = node->inputs[0];
  return out;
}

std::optional<Codes> codes_made_by(const Graph& graph, const Node& node) {
  if (node.op->name != "QuantizeLinear" || !node.op->domain.empty() || node.attributes.integer("precision", 0) != 0) return std::nullopt;
  if (graph.fact(node.inputs[0]).dtype != DType::float32) return std::nullopt;
  std::optional<Codes> out = parameters_of(graph, node, graph.fact(node.outputs[0]).dtype);
  if (out) out->edge = node.outputs[0];
  return out;
}

std::optional<Ending> ending_of(const Match& match, const Node& node) {
  const Graph& graph = match.graph();
  Interval interval;
  const Node* last = &node;
  while (const Node* user = match.user(last->outputs[0])) {
    if (user->inputs[0] != last->outputs[0]) return std::nullopt;
    if (const std::optional<Codes> y = codes_made_by(graph, *user))
      return Ending{size_t(user - graph.nodes.data()), *y, y->code(interval.low), y->code(interval.high)};
    if (!narrow(graph, *user, interval)) return std::nullopt;
    last = user;
  }
  return std::nullopt;
}

std::optional<WeightCodes> weight_codes_of(const Match& match, Edge edge, int64_t axis) {
  const Graph& graph = match.graph();
  const Node* node = match.maker(edge, "DequantizeLinear");
  if (!node || graph.fact(edge).dtype != DType::float32 || node->attributes.integer("block_size", 0) != 0) return std::nullopt;
  WeightCodes out{.edge = node->inputs[0], .codes = graph.constant(node->inputs[0]), .scale = node->inputs[1]};
  const Tensor* scale = graph.constant(out.scale);
  if (!out.codes || !is_byte(out.codes->dtype()) || !is_plain_float(scale) || scale->rank() > 1) return std::nullopt;
  const int64_t rank = out.codes->rank(), own = node->attributes.integer("axis", 1);
  if (scale->size() != 1 && ((own < 0 ? own + rank : own) != axis || axis >= rank || scale->size() != out.codes->shape()[size_t(axis)]))
    return std::nullopt;
  for (double step : doubles(*scale)) out.steps.push_back(float(step));
  if (!node->has_input(2)) return out;
  const Tensor* zero = graph.constant(out.zero = node->inputs[2]);
  if (!zero || zero->dtype() != out.codes->dtype() || zero->size() != scale->size()) return std::nullopt;
  return out;
}

std::optional<Tensor> integer_bias(const Match& match, Edge bias, float x_step, std::span<const float> w_steps, int64_t count) {
  const Graph& graph = match.graph();
  const Node* node = match.maker(bias, "DequantizeLinear");
  const Tensor* values = graph.constant(node ? node->inputs[0] : bias);
  if (!values || values->size() != count) return std::nullopt;
  std::vector<double> steps(1, 1), numbers = doubles(*values);
  if (node) {
    const Tensor *scale = graph.constant(node->inputs[1]), *zero = node->has_input(2) ? graph.constant(node->inputs[2]) : nullptr;
    if (values->dtype() != DType::int32 || !is_plain_float(scale) || (scale->size() != 1 && scale->size() != count)) return std::nullopt;
    if (node->has_input(2) && !zero) return std::nullopt;
    if (zero)
      for (double z : doubles(*zero))
        if (z != 0) return std::nullopt;
    steps = doubles(*scale);
  } else if (values->dtype() != DType::float32) {
    return std::nullopt;
  }
  Tensor out(DType::int32, {count});
  for (int64_t i = 0; i < count; ++i) {
    const double unit = double(x_step * w_steps[w_steps.size() == 1 ? 0 : size_t(i)]), step = steps[steps.size() == 1 ? 0 : size_t(i)];
    // Quantizers mean x_step * w_step, whatever it was rounded to.
    const bool in_units = node && std::abs(step - unit) <= 1e-5 * unit;
    const double sum = in_units ? numbers[size_t(i)] : std::nearbyint(numbers[size_t(i)] * step / unit);
    if (!(std::abs(sum) < double(1 << 30))) return std::nullopt;
    out.mutable_data<int32_t>()[size_t(i)] = int32_t(sum);
  }
  return out;
}

namespace {

constexpr std::string_view kOnCodes[] = {"Conv",      "Gemm",    "Add",     "Mul",      "AveragePool", "GlobalAveragePool",
                                         "Concat",    "MaxPool", "Reshape", "Flatten",  "Squeeze",     "Unsqueeze",
                                         "Transpose", "Slice",   "Linear",  "Identity", "MatMul",      "ReduceMean"};

bool has_many_scales(const Graph& graph, const Node& dequantize) {
  const Tensor* scale = graph.constant(dequantize.inputs[1]);
  return scale && scale->size() != 1;
}

/// The first condition of fuse_quantized that does not hold.
std::string reason_for(const Match& match, const Node& node) {
  const Graph& graph = match.graph();
  const std::string_view op = node.op->name;
  for (Edge edge : node.inputs)
    if (const Node* maker = edge == kAbsent ? nullptr : match.maker(edge, "DequantizeLinear"); maker && !codes_of(match, edge))
      return has_many_scales(graph, *maker) ? "an operand has a scale for each channel"
                                            : "a scale or zero point is no constant of 8-bit codes";
  const bool is_product = op == "Conv" || op == "Gemm" || op == "Linear" || op == "MatMul";
  if (node.op->kind != OpKind::elementwise && std::find(std::begin(kOnCodes), std::end(kOnCodes), op) == std::end(kOnCodes))
    return "there is no such operator on codes";
  if (!ending_of(match, node)) return "its result is not quantized, or read as float too";
  if (is_product && graph.constant(node.inputs[1])) return "its weights are not quantized";
  for (size_t i = 0; i < node.formal_inputs(); ++i)
    if (node.inputs[i] != kAbsent && match.is_float32(node.inputs[i]) && !codes_of(match, node.inputs[i]) && (i < 2 || !is_product))
      return cat("input ", i, " is not quantized");
  return is_product ? "its attributes, weights or bias have no form on codes" : "its attributes have no form on codes";
}

}  // namespace

std::vector<FloatNode> left_in_float(const Graph& graph) {
  const Match match(graph);
  std::vector<FloatNode> out;
  for (const Node& node : graph.nodes) {
    if (node.op->name == "QuantizeLinear" || node.op->name == "DequantizeLinear") continue;
    const bool reads = std::any_of(node.inputs.begin(), node.inputs.end(),
                                   [&](Edge edge) { return edge != kAbsent && match.maker(edge, "DequantizeLinear") != nullptr; });
    if (reads) out.push_back({&node, reason_for(match, node)});
  }
  return out;
}

}  // namespace nacre
