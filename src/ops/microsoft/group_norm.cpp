// GroupNorm: y = gamma * (x - mean) / sqrt(variance + epsilon) + beta over groups of channels, which lie last; then SiLU if asked.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/group_norm.h"

namespace nacre {
namespace {

Result<void> upgrade(Upgrade& u) {
  NACRE_TRY(check_arity(u));
  return replace(u, {NACRE_TRY(group_norm(u, u.input(0)))});
}

}  // namespace

extern const Op op_microsoft_group_norm;
const Op op_microsoft_group_norm{.name = "GroupNorm",
                                 .domain = "com.microsoft",
                                 .since = {1, kRewritten},
                                 .types = float_types,
                                 .inputs = {3, 3},
                                 .outputs = {1, 1},
                                 .infer = never_inferred,
                                 .evaluate = never_evaluated,
                                 .upgrade = upgrade};

}  // namespace nacre
