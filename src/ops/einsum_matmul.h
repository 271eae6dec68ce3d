// Einsum of two operands as one matrix product.
#pragma once

#include "graph/builder.h"

namespace nacre {

/// Transposes, MatMul and a transpose when the equation is a batched matrix product with at most one label for the rows,
/// the columns and the sum; kAbsent otherwise.
Edge lower_einsum(Builder& builder, const NodeView& node);

}  // namespace nacre
