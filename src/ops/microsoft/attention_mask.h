// The masks of com.microsoft's attention operators as what ai.onnx's Attention adds to its scores.
#pragma once

#include "ops/microsoft/rewrite.h"

namespace nacre {

/// Input `mask` (1 keeps, 0 masks; per key, per query and key, or the sequences' ends) and input `bias`, either may be
/// absent, as one additive mask of four axes; kAbsent when both are. `keys` is the number of keys, 1-D.
Result<Edge> additive_mask(Upgrade& u, size_t mask, size_t bias, Edge like, const SymDim& batch, Edge keys);

/// Positions of inputs; SIZE_MAX where the operator has none such.
struct AttentionInputs {
  size_t mask = SIZE_MAX, past = SIZE_MAX, bias = SIZE_MAX, past_length = SIZE_MAX;
};

/// Replaces a node whose input 0 is [batch, length, hidden] and input 1 the weights of all three projections by the attention
/// of `projected`, their product.
Result<void> attend_projected(Upgrade& u, Edge projected, const AttentionInputs& at);

/// scale, is_causal and, with `heads` > 0, the numbers of heads, as ai.onnx's Attention names them.
Attributes attention_attributes(const Attributes& given, int64_t heads);

}  // namespace nacre
