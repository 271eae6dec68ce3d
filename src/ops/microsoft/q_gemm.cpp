// QGemm: y = alpha * a_scale * b_scale * ((a - a_zero) (b - b_zero) + c), quantized when y has a scale.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/rewrite.h"

namespace nacre {
namespace {

Edge transposed(Upgrade& u, size_t i, std::string_view flag) {
  return u.node.attributes.integer(flag, 0) != 0 ? u.builder.transpose(u.input(i), {1, 0}) : u.input(i);
}

Result<void> upgrade(Upgrade& u) {
  NACRE_TRY(check_arity(u));
  Builder& b = u.builder;
  for (size_t i : {0, 3})
    if (NACRE_TRY(known_shape(u, i)).size() != 2)
      return fail(ErrorCode::invalid_argument, "input ", i, " of shape ", NACRE_TRY(known_shape(u, i)), ": expected rank 2");
  const Edge sums = b.add("MatMulInteger", {transposed(u, 0, "transA"), transposed(u, 3, "transB"), u.input(2), u.input(5)});
  const Edge scale = b.mul(b.mul(u.input(1), u.input(4)), b.scalar(u.node.attributes.real("alpha", 1), u.input(1)));
  const Edge y = b.mul(b.cast(add_optional(b, sums, u.input(6)), DType::float32), scale);
  if (!u.has(7)) return replace(u, {y});
  return replace(u, {b.add("QuantizeLinear", {y, u.input(7), u.has(8) ? u.input(8) : b.constant(Tensor(u.fact(0).dtype, {}))})});
}

}  // namespace

extern const Op op_microsoft_q_gemm;
const Op op_microsoft_q_gemm{.name = "QGemm",
                             .domain = "com.microsoft",
                             .since = {1, kRewritten},
                             .types = TypeSet{DType::int8, DType::uint8},
                             .inputs = {6, 9},
                             .outputs = {1, 1},
                             .infer = never_inferred,
                             .evaluate = never_evaluated,
                             .upgrade = upgrade};

}  // namespace nacre
