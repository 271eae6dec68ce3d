// QLinearAveragePool: y = quantize(AveragePool(dequantize(x))).
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/dequantized.h"

namespace nacre {
namespace {

Result<void> upgrade(Upgrade& u) {
  if (!u.has(3)) return fail(ErrorCode::invalid_model, "input 3 is required and absent");
  Attributes attributes = u.node.attributes;
  if (attributes.integer("channels_last", 0) != 0) return fail(ErrorCode::unsupported, "channels_last");
  attributes.erase("channels_last");
  return replace(u, {quantized(u, u.builder.add("AveragePool", {dequantized(u, 0)}, std::move(attributes)), 3, u.fact(0).dtype)});
}

}  // namespace

extern const Op op_microsoft_q_linear_average_pool;
const Op op_microsoft_q_linear_average_pool{.name = "QLinearAveragePool",
                                            .domain = "com.microsoft",
                                            .since = {1, kRewritten},
                                            .types = kBytes,
                                            .inputs = {4, 5},
                                            .outputs = {1, 1},
                                            .infer = never_inferred,
                                            .evaluate = never_evaluated,
                                            .upgrade = upgrade};

}  // namespace nacre
