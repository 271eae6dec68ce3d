// Operators of com.microsoft that mean a few of ai.onnx's: their upgrade says which, and nothing of them is left in the
// graph. So passes and kernels need not know them.
#pragma once

#include <climits>

#include "ops/op.h"

namespace nacre {

/// The last entry of such a row's `since`: no version in a file is canonical, so upgrade always runs.
inline constexpr int kRewritten = INT_MAX;

Result<void> never_inferred(Inference&);
Result<void> never_evaluated(Evaluation&);

/// Fails unless the node has the inputs and at most the outputs that its row asks for. Before anything else.
Result<void> check_arity(const Upgrade& u);
/// Fails (unsupported) when output `i` is wanted.
Result<void> check_unwanted(const Upgrade& u, size_t i, std::string_view name);

/// Replaces the node by these outputs, as many as it has.
Result<void> replace(Upgrade& u, std::vector<Edge> outputs);

/// The shape of input `i`, or an error: the rewriting needs its rank.
Result<SymShape> known_shape(const Upgrade& u, size_t i);

/// x + bias, or x when there is none.
inline Edge add_optional(Builder& b, Edge x, Edge bias) { return bias == kAbsent ? x : b.add(x, bias); }

/// Dim `axis` of `x` as a 1-D tensor.
Edge dim_of(Builder& b, Edge x, int64_t axis);

/// 1 / sqrt(mean(x^2) + epsilon) over the last axis.
Edge inverse_rms(Builder& b, Edge x, float epsilon);

}  // namespace nacre
