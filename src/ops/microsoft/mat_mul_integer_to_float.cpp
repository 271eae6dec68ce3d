// MatMulIntegerToFloat: y = (a - a_zero) (b - b_zero) * a_scale * b_scale + bias.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/rewrite.h"

namespace nacre {
namespace {

Result<void> upgrade(Upgrade& u) {
  NACRE_TRY(check_arity(u));
  Builder& b = u.builder;
  const Edge sums = b.add("MatMulInteger", {u.input(0), u.input(1), u.input(4), u.input(5)});
  const Edge y = b.mul(b.cast(sums, u.fact(3).dtype), b.mul(u.input(2), u.input(3)));
  return replace(u, {add_optional(b, y, u.input(6))});
}

}  // namespace

extern const Op op_microsoft_mat_mul_integer_to_float;
const Op op_microsoft_mat_mul_integer_to_float{.name = "MatMulIntegerToFloat",
                                               .domain = "com.microsoft",
                                               .since = {1, kRewritten},
                                               .types = {DType::int8, DType::uint8},
                                               .inputs = {4, 7},
                                               .outputs = {1, 1},
                                               .infer = never_inferred,
                                               .evaluate = never_evaluated,
                                               .upgrade = upgrade};

}  // namespace nacre
