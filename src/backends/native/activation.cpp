#include "backends/native/activation.h"

#include <limits>

#include "ops/nacre/activation.h"

namespace nacre::native {

namespace {

struct Row {
  std::string_view name;
  Activation kind;
};
constexpr Row kRows[] = {{"relu", Activation::relu},
                         {"clip", Activation::clip},
                         {"leaky_relu", Activation::leaky_relu},
                         {"elu", Activation::elu},
                         {"hardsigmoid", Activation::hardsigmoid},
                         {"hardswish", Activation::hardswish},
                         {"sigmoid", Activation::sigmoid},
                         {"tanh", Activation::tanh},
                         {"silu", Activation::silu},
                         {"gelu", Activation::gelu_erf},
                         {"gelu_tanh", Activation::gelu_tanh},
                         {"mish", Activation::mish},
                         {"softplus", Activation::softplus}};

ActivationSpec spec_of(const FusedActivation& fused) {
  for (const Row& row : kRows)
    if (row.name == fused.name) return {row.kind, fused.alpha, fused.beta, fused.scale, fused.shift};
  return {Activation::none, 0, 0, fused.scale, fused.shift};
}

}  // namespace

std::optional<ActivationSpec> activation_of(const NodeView& node) {
  const std::optional<FusedActivation> fused = fused_activation(node);
  if (!fused) return std::nullopt;
  const ActivationSpec spec = spec_of(*fused);
  return spec.kind == Activation::none ? std::nullopt : std::optional(spec);
}

// A standard operator has no activation, whatever attributes a file gives it.
ActivationSpec fused_activation_of(const NodeView& node) {
  return node.node.op->domain == "nacre" ? spec_of(fused_activation(node.attributes())) : ActivationSpec{};
}

}  // namespace nacre::native
