// QAttention: Attention whose input and weights are quantized.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/attention_mask.h"

namespace nacre {
namespace {

Result<void> upgrade(Upgrade& u) {
  NACRE_TRY(check_arity(u));
  Builder& b = u.builder;
  const Edge sums = b.add("MatMulInteger", {u.input(0), u.input(1), u.input(6), u.input(7)});
  const Edge projected = b.add(b.mul(b.cast(sums, u.fact(3).dtype), b.mul(u.input(3), u.input(4))), u.input(2));
  return attend_projected(u, projected, {.mask = 5, .past = 8});
}

}  // namespace

extern const Op op_microsoft_q_attention;
const Op op_microsoft_q_attention{.name = "QAttention",
                                  .domain = "com.microsoft",
                                  .since = {1, kRewritten},
                                  .types = TypeSet{DType::int8, DType::uint8},
                                  .inputs = {5, 9},
                                  .outputs = {1, 2},
                                  .infer = never_inferred,
                                  .evaluate = never_evaluated,
                                  .upgrade = upgrade};

}  // namespace nacre
