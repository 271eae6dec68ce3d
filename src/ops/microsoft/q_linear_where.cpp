// QLinearWhere: z = quantize(condition ? dequantize(x) : dequantize(y)).
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/dequantized.h"

namespace nacre {
namespace {

Result<void> upgrade(Upgrade& u) {
  NACRE_TRY(check_arity(u));
  const Edge z = u.builder.where(u.input(0), dequantized(u, 1), dequantized(u, 4));
  return replace(u, {quantized(u, z, 7, u.fact(1).dtype)});
}

}  // namespace

extern const Op op_microsoft_q_linear_where;
const Op op_microsoft_q_linear_where{.name = "QLinearWhere",
                                     .domain = "com.microsoft",
                                     .since = {1, kRewritten},
                                     .types = TypeSet{DType::boolean},
                                     .inputs = {9, 9},
                                     .outputs = {1, 1},
                                     .infer = never_inferred,
                                     .evaluate = never_evaluated,
                                     .upgrade = upgrade};

}  // namespace nacre
