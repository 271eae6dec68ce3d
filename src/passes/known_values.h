// Integer tensors whose elements inference knows.
#pragma once

#include <optional>

#include "graph/fact.h"

namespace nacre {

/// The tensor that a fact describes entirely: int32 or int64, of constant shape, every element a constant.
std::optional<Tensor> known_tensor(const Fact& fact);

}  // namespace nacre
