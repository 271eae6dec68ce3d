// QLinearAveragePool: y = quantize(AveragePool(dequantize(x))).
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/dequantized.h"
#include "ops/microsoft/fused_activation.h"

namespace nacre {
namespace {

Result<void> upgrade(Upgrade& u) {
  if (!u.has(3)) return fail(ErrorCode::invalid_model, "input 3 is required and absent");
  Builder& b = u.builder;
  Attributes attributes = u.node.attributes;
  const bool last = attributes.integer("channels_last", 0) != 0;
  attributes.erase("channels_last");
  const size_t rank = NACRE_TRY(image_rank(u, 0));
  const Edge x = dequantized(u, 0), y = b.add("AveragePool", {last ? channels_first(b, x, rank) : x}, std::move(attributes));
  return replace(u, {quantized(u, last ? channels_last(b, y, rank) : y, 3, u.fact(0).dtype)});
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
