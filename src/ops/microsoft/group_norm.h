// GroupNorm and SkipGroupNorm of com.microsoft.
#pragma once

#include "ops/microsoft/fused_activation.h"

namespace nacre {

/// GroupNormalization of `x`, channels last unless the node says otherwise, and SiLU where `activation` is 1.
inline Result<Edge> group_norm(Upgrade& u, Edge x) {
  Builder& b = u.builder;
  const Attributes& a = u.node.attributes;
  const bool last = a.integer("channels_last", 1) != 0;
  const int64_t activation = a.integer("activation", 0);
  if (activation != 0 && activation != 1) return fail(ErrorCode::unsupported, "activation ", activation);
  const size_t rank = NACRE_TRY(image_rank(u, 0));
  Attributes attributes{{"num_groups", a.integer("groups", 0)}, {"epsilon", a.real("epsilon", 1e-5f)}};
  const DType dtype = u.fact(0).dtype;
  Edge scale = u.input(1), bias = u.input(2);
  if (u.fact(1).dtype != dtype) scale = b.cast(scale, dtype), bias = b.cast(bias, dtype);
  Edge y = b.add("GroupNormalization", {last ? channels_first(b, x, rank) : x, scale, bias}, std::move(attributes));
  if (activation == 1) y = b.add("Swish", {y});
  return last ? channels_last(b, y, rank) : y;
}

}  // namespace nacre
