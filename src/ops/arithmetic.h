// Shared by the arithmetic operators: symbolic values through integer tensors, and the axis-broadcast of opsets below 7.
#pragma once

#include "ops/op.h"

namespace nacre {

/// broadcast_inputs, and tracks the elements when both sides are known small integer tensors.
Result<void> infer_arithmetic(Inference& inference, SymDim (*combine)(const SymDim&, const SymDim&));

/// Opsets 1-6: attributes `axis` and `broadcast` say where the second operand aligns. Becomes an Unsqueeze of it.
Result<void> upgrade_axis_broadcast(Upgrade& upgrade);

}  // namespace nacre
