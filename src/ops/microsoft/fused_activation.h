// The activations that fused operators of com.microsoft name, and layouts with the channels last.
#pragma once

#include "ops/microsoft/rewrite.h"

namespace nacre {

/// `x` through the activation called `name` (nothing when it is empty) with parameters alpha and beta as far as given.
inline Result<Edge> activated(Builder& b, Edge x, std::string_view name, const std::vector<float>& parameters) {
  const auto parameter = [&](size_t i, float otherwise) { return i < parameters.size() ? parameters[i] : otherwise; };
  if (name.empty()) return x;
  if (name == "Relu" || name == "Sigmoid" || name == "Tanh" || name == "Softplus" || name == "Softsign") return b.add(name, {x});
  if (name == "LeakyRelu") return b.add(name, {x}, {{"alpha", parameter(0, 0.01f)}});
  if (name == "Elu" || name == "ThresholdedRelu") return b.add(name, {x}, {{"alpha", parameter(0, 1.0f)}});
  if (name == "HardSigmoid") return b.add(name, {x}, {{"alpha", parameter(0, 0.2f)}, {"beta", parameter(1, 0.5f)}});
  if (name == "Clip" && parameters.size() == 2) return b.add(name, {x, b.scalar(parameters[0], x), b.scalar(parameters[1], x)});
  if (name == "ScaledTanh") return b.mul(b.scalar(parameter(0, 1), x), b.tanh(b.mul(b.scalar(parameter(1, 1), x), x)));
  if (name == "ParametricSoftplus") return b.mul(b.scalar(parameter(0, 1), x), b.softplus(b.mul(b.scalar(parameter(1, 1), x), x)));
  return fail(ErrorCode::unsupported, "activation '", name, "' with ", parameters.size(), " parameters");
}

/// [batch, ..., channels] as [batch, channels, ...], and back.
inline Edge channels_first(Builder& b, Edge x, size_t rank) {
  std::vector<int64_t> perm{0, static_cast<int64_t>(rank) - 1};
  for (int64_t axis = 1; axis + 1 < static_cast<int64_t>(rank); ++axis) perm.push_back(axis);
  return b.transpose(x, std::move(perm));
}
inline Edge channels_last(Builder& b, Edge x, size_t rank) {
  std::vector<int64_t> perm{0};
  for (int64_t axis = 2; axis < static_cast<int64_t>(rank); ++axis) perm.push_back(axis);
  perm.push_back(1);
  return b.transpose(x, std::move(perm));
}
/// The rank of input `i`, at least 3.
inline Result<size_t> image_rank(const Upgrade& u, size_t i) {
  const SymShape shape = NACRE_TRY(known_shape(u, i));
  if (shape.size() < 3) return fail(ErrorCode::invalid_argument, "input ", i, " of shape ", shape, ": expected at least rank 3");
  return shape.size();
}

}  // namespace nacre
