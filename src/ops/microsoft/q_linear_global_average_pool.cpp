// QLinearGlobalAveragePool: y = quantize(GlobalAveragePool(dequantize(x))).
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/dequantized.h"

namespace nacre {
namespace {

Result<void> upgrade(Upgrade& u) {
  NACRE_TRY(check_arity(u));
  if (u.node.attributes.integer("channels_last", 0) != 0) return fail(ErrorCode::unsupported, "channels_last");
  return replace(u, {quantized(u, u.builder.add("GlobalAveragePool", {dequantized(u, 0)}), 3, u.fact(0).dtype)});
}

}  // namespace

extern const Op op_microsoft_q_linear_global_average_pool;
const Op op_microsoft_q_linear_global_average_pool{.name = "QLinearGlobalAveragePool",
                                                   .domain = "com.microsoft",
                                                   .since = {1, kRewritten},
                                                   .types = kBytes,
                                                   .inputs = {5, 5},
                                                   .outputs = {1, 1},
                                                   .infer = never_inferred,
                                                   .evaluate = never_evaluated,
                                                   .upgrade = upgrade};

}  // namespace nacre
