// QLinearGlobalAveragePool: y = quantize(GlobalAveragePool(dequantize(x))).
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/dequantized.h"
#include "ops/microsoft/fused_activation.h"

namespace nacre {
namespace {

Result<void> upgrade(Upgrade& u) {
  NACRE_TRY(check_arity(u));
  Builder& b = u.builder;
  const size_t rank = NACRE_TRY(image_rank(u, 0));
  const bool last = u.node.attributes.integer("channels_last", 0) != 0;
  const Edge x = dequantized(u, 0), y = b.add("GlobalAveragePool", {last ? channels_first(b, x, rank) : x});
  return replace(u, {quantized(u, last ? channels_last(b, y, rank) : y, 3, u.fact(0).dtype)});
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
