// FusedMatMul: y = alpha * a' b', where a' and b' may be transposed.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include <algorithm>

#include "ops/microsoft/rewrite.h"

namespace nacre {
namespace {

// transBatch moves the first axis behind the batch axes, before the other two are swapped.
Result<Edge> turned(Upgrade& u, size_t i, bool swap, bool batch) {
  if (!swap && !batch) return u.input(i);
  const int64_t rank = static_cast<int64_t>(NACRE_TRY(known_shape(u, i)).size());
  if (rank < 2) return u.input(i);
  std::vector<int64_t> perm;
  for (int64_t axis = 0; axis < rank; ++axis) perm.push_back(axis);
  if (batch) std::rotate(perm.begin(), perm.begin() + 1, perm.end() - 1);
  if (swap) std::swap(perm[rank - 2], perm[rank - 1]);
  return u.builder.transpose(u.input(i), std::move(perm));
}

Result<void> upgrade(Upgrade& u) {
  NACRE_TRY(check_arity(u));
  const auto flag = [&](std::string_view name) { return u.node.attributes.integer(name, 0) != 0; };
  const Edge a = NACRE_TRY(turned(u, 0, flag("transA"), flag("transBatchA"))),
             b = NACRE_TRY(turned(u, 1, flag("transB"), flag("transBatchB")));
  const Edge y = u.builder.matmul(a, b);
  const float alpha = u.node.attributes.real("alpha", 1);
  return replace(u, {alpha == 1 ? y : u.builder.mul(y, u.builder.scalar(alpha, u.input(0)))});
}

}  // namespace

extern const Op op_microsoft_fused_mat_mul;
const Op op_microsoft_fused_mat_mul{.name = "FusedMatMul",
                                    .domain = "com.microsoft",
                                    .since = {1, kRewritten},
                                    .types = float_types,
                                    .inputs = {2, 2},
                                    .outputs = {1, 1},
                                    .infer = never_inferred,
                                    .evaluate = never_evaluated,
                                    .upgrade = upgrade};

}  // namespace nacre
