// Activations as attributes of fused operators: `activation` (a name), `alpha`, `beta`, `scale`, `shift`.
#pragma once

#include <optional>
#include <string>

#include "graph/op.h"

namespace nacre {

/// Names: "", relu, clip (to [alpha, beta]), leaky_relu (slope alpha), elu (alpha), hardsigmoid (clip(alpha x + beta, 0, 1)),
/// hardswish, sigmoid, tanh, silu, gelu, gelu_tanh, mish, softplus. Its result is multiplied with `scale`, then `shift` is added.
struct FusedActivation {
  std::string name;
  float alpha = 0, beta = 0;
  float scale = 1, shift = 0;
};

/// The activation that an elementwise node of ai.onnx computes; empty when it computes none of those above.
std::optional<FusedActivation> fused_activation(const NodeView& node);
FusedActivation fused_activation(const Attributes& attributes);
void set_activation(Attributes& attributes, const FusedActivation& activation);

/// The value at x, by the operators' own formulas.
double activate(const FusedActivation& activation, double x);

}  // namespace nacre
