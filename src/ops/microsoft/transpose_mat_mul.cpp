// TransposeMatMul: what FusedMatMul was called first; y = alpha * a' b'.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/rewrite.h"

namespace nacre {
namespace {

Result<void> upgrade(Upgrade& u) {
  u.node.op = find_op("com.microsoft", "FusedMatMul");
  return u.node.op->upgrade(u);
}

}  // namespace

extern const Op op_microsoft_transpose_mat_mul;
const Op op_microsoft_transpose_mat_mul{.name = "TransposeMatMul",
                                        .domain = "com.microsoft",
                                        .since = {1, kRewritten},
                                        .types = float_types,
                                        .inputs = {2, 2},
                                        .outputs = {1, 1},
                                        .infer = never_inferred,
                                        .evaluate = never_evaluated,
                                        .upgrade = upgrade};

}  // namespace nacre
