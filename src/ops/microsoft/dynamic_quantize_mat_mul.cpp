// DynamicQuantizeMatMul: y = a b + bias with a quantized to uint8 by its own range and b given quantized.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/rewrite.h"

namespace nacre {
namespace {

Result<void> upgrade(Upgrade& u) {
  NACRE_TRY(check_arity(u));
  Builder& b = u.builder;
  const std::vector<Edge> a = b.add_many("DynamicQuantizeLinear", {u.input(0)}, 3);  // values, scale, zero point
  const Edge sums = b.add("MatMulInteger", {a[0], u.input(1), a[2], u.input(3)});
  const Edge y = b.mul(b.cast(sums, DType::float32), b.mul(a[1], u.input(2)));
  return replace(u, {add_optional(b, y, u.input(4))});
}

}  // namespace

extern const Op op_microsoft_dynamic_quantize_mat_mul;
const Op op_microsoft_dynamic_quantize_mat_mul{.name = "DynamicQuantizeMatMul",
                                               .domain = "com.microsoft",
                                               .since = {1, kRewritten},
                                               .types = {DType::float32},
                                               .inputs = {3, 5},
                                               .outputs = {1, 1},
                                               .infer = never_inferred,
                                               .evaluate = never_evaluated,
                                               .upgrade = upgrade};

}  // namespace nacre
