// Which operators are activations, and their parameters: for the elementwise kernel and for epilogues.
#pragma once

#include <optional>

#include "backends/native/kernels/kernels.h"
#include "graph/op.h"

namespace nacre::native {

struct ActivationSpec {
  Activation kind = Activation::none;
  float alpha = 0, beta = 0;
  float scale = 1, shift = 0;  // of its result

  /// The epilogue with this activation.
  Epilogue in(Epilogue epilogue) const {
    epilogue.activation = kind, epilogue.alpha = alpha, epilogue.beta = beta, epilogue.scale = scale, epilogue.shift = shift;
    return epilogue;
  }
};

/// The activation that `node` is; empty when it is none, or its bounds are not constants.
std::optional<ActivationSpec> activation_of(const NodeView& node);
/// The one that a fused node's attributes `activation`, `alpha`, `beta`, `scale`, `shift` name.
ActivationSpec fused_activation_of(const NodeView& node);

}  // namespace nacre::native
