// QLinearMul: y = quantize(dequantize(a) * dequantize(b)).
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/dequantized.h"

namespace nacre {
namespace {

Result<void> upgrade(Upgrade& u) {
  if (!u.has(6)) return fail(ErrorCode::invalid_model, "input 6 is required and absent");
  const Edge y = u.builder.mul(dequantized(u, 0), dequantized(u, 3));
  return replace(u, {quantized(u, y, 6, u.fact(0).dtype)});
}

}  // namespace

extern const Op op_microsoft_q_linear_mul;
const Op op_microsoft_q_linear_mul{.name = "QLinearMul",
                                   .domain = "com.microsoft",
                                   .since = {1, kRewritten},
                                   .types = kBytes,
                                   .inputs = {7, 8},
                                   .outputs = {1, 1},
                                   .infer = never_inferred,
                                   .evaluate = never_evaluated,
                                   .upgrade = upgrade};

}  // namespace nacre
