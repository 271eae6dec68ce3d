#include "ops/nacre/activation.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/convert.h"

namespace nacre {
namespace {

// A bound of Clip: its constant value, `open` when it is absent, nothing when it is not constant.
std::optional<float> bound(const NodeView& node, size_t i, float open) {
  if (!node.has(i)) return open;
  const Tensor* constant = node.constant(i);
  if (!constant || constant->size() != 1 || constant->dtype() != DType::float32) return std::nullopt;
  return constant->data<float>()[0];
}

std::optional<FusedActivation> clip(const NodeView& node) {
  const float infinity = std::numeric_limits<float>::infinity();
  const std::optional<float> low = bound(node, 1, -infinity), high = bound(node, 2, infinity);
  if (!low || !high) return std::nullopt;
  return FusedActivation{"clip", *low, *high};
}

struct Plain {
  std::string_view op, name;
};
constexpr Plain kPlain[] = {{"Relu", "relu"}, {"Sigmoid", "sigmoid"},   {"Tanh", "tanh"},
                            {"Mish", "mish"}, {"Softplus", "softplus"}, {"HardSwish", "hardswish"}};

}  // namespace

std::optional<FusedActivation> fused_activation(const NodeView& node) {
  if (!node.node.op->domain.empty()) return std::nullopt;
  const std::string_view op = node.node.op->name;
  const Attributes& attributes = node.attributes();
  for (const Plain& row : kPlain)
    if (row.op == op) return FusedActivation{std::string(row.name), 0, 0};
  if (op == "Clip") return clip(node);
  if (op == "LeakyRelu") return FusedActivation{"leaky_relu", attributes.real("alpha", 0.01f), 0};
  if (op == "Elu") return FusedActivation{"elu", attributes.real("alpha", 1), 0};
  if (op == "Celu" && attributes.real("alpha", 1) == 1) return FusedActivation{"elu", 1, 0};
  if (op == "Selu")
    return FusedActivation{"elu", attributes.real("alpha", 1.67326319217681884765625f), 0,
                           attributes.real("gamma", 1.05070102214813232421875f)};
  if (op == "HardSigmoid") return FusedActivation{"hardsigmoid", attributes.real("alpha", 0.2f), attributes.real("beta", 0.5f)};
  if (op == "Gelu") return FusedActivation{attributes.string("approximate", "none") == "tanh" ? "gelu_tanh" : "gelu", 0, 0};
  if (op == "Swish" && attributes.real("alpha", 1) == 1) return FusedActivation{"silu", 0, 0};
  return std::nullopt;
}

FusedActivation fused_activation(const Attributes& attributes) {
  return {attributes.string("activation", ""), attributes.real("alpha", 0), attributes.real("beta", 0), attributes.real("scale", 1),
          attributes.real("shift", 0)};
}

void set_activation(Attributes& attributes, const FusedActivation& activation) {
  attributes.set("activation", activation.name);
  attributes.set("alpha", activation.alpha);
  attributes.set("beta", activation.beta);
  if (activation.scale != 1) attributes.set("scale", activation.scale);
  if (activation.shift != 0) attributes.set("shift", activation.shift);
}

namespace {

double activate_alone(const FusedActivation& f, double x) {
  const std::string& name = f.name;
  if (name == "relu") return x < 0 ? 0 : x;
  if (name == "clip") return x < f.alpha ? f.alpha : x > f.beta ? f.beta : x;
  if (name == "leaky_relu") return x < 0 ? f.alpha * x : x;
  if (name == "elu") return x < 0 ? f.alpha * std::expm1(x) : x;
  if (name == "hardsigmoid") return std::clamp(f.alpha * x + f.beta, 0.0, 1.0);
  if (name == "hardswish") return x * std::clamp(x / 6 + 0.5, 0.0, 1.0);
  if (name == "sigmoid") return 1 / (1 + std::exp(-x));
  if (name == "tanh") return std::tanh(x);
  if (name == "silu") return x / (1 + std::exp(-x));
  if (name == "gelu") return 0.5 * x * (1 + std::erf(x * M_SQRT1_2));
  if (name == "gelu_tanh") return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
  if (name == "mish") return x * std::tanh(std::log1p(std::exp(x)));
  if (name == "softplus") return std::log1p(std::exp(-std::abs(x))) + std::max(x, 0.0);
  return x;
}

}  // namespace

double activate(const FusedActivation& f, double x) { return activate_alone(f, x) * f.scale + f.shift; }

}  // namespace nacre
