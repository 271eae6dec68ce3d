// QLinearSoftmax: y = quantize(Softmax(dequantize(x))).
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/dequantized.h"

namespace nacre {
namespace {

// Below opset 13 the axes from `axis` on are one.
Edge softmax(Upgrade& u, Edge x) {
  Builder& b = u.builder;
  const bool coerced = u.node.attributes.integer("opset", 13) < 13;
  const int64_t axis = u.node.attributes.integer("axis", coerced ? 1 : -1);
  if (!coerced) return b.add("Softmax", {x}, {{"axis", axis}});
  const Edge rows = b.add("Softmax", {b.add("Flatten", {x}, {{"axis", axis}})}, {{"axis", int64_t{-1}}});
  return b.reshape(rows, b.add("Shape", {x}));
}

Result<void> upgrade(Upgrade& u) {
  if (!u.has(4)) return fail(ErrorCode::invalid_model, "input 4 is required and absent");
  return replace(u, {quantized(u, softmax(u, dequantized(u, 0)), 3, u.fact(0).dtype)});
}

}  // namespace

extern const Op op_microsoft_q_linear_softmax;
const Op op_microsoft_q_linear_softmax{.name = "QLinearSoftmax",
                                       .domain = "com.microsoft",
                                       .since = {1, kRewritten},
                                       .types = kBytes,
                                       .inputs = {5, 5},
                                       .outputs = {1, 1},
                                       .infer = never_inferred,
                                       .evaluate = never_evaluated,
                                       .upgrade = upgrade};

}  // namespace nacre
