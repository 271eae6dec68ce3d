// QLinearConcat: y = quantize(Concat(dequantize(x1), dequantize(x2), ...)); inputs come in threes behind y's parameters.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/dequantized.h"

namespace nacre {
namespace {

Result<void> upgrade(Upgrade& u) {
  const size_t count = u.node.formal_inputs();
  if (count < 5 || (count - 2) % 3 != 0 || !u.has(1))
    return fail(ErrorCode::invalid_model, "has ", count, " inputs, takes 2 and then threes");
  std::vector<Edge> parts;
  for (size_t i = 2; i < count; i += 3) parts.push_back(dequantized(u, i));
  const Edge y = u.builder.add("Concat", std::move(parts), {{"axis", u.node.attributes.integer("axis", 0)}});
  return replace(u, {quantized(u, y, 0, u.fact(1).dtype)});
}

}  // namespace

extern const Op op_microsoft_q_linear_concat;
const Op op_microsoft_q_linear_concat{.name = "QLinearConcat",
                                      .domain = "com.microsoft",
                                      .since = {1, kRewritten},
                                      .types = {DType::float32},
                                      .inputs = {3, kMany},
                                      .outputs = {1, 1},
                                      .infer = never_inferred,
                                      .evaluate = never_evaluated,
                                      .upgrade = upgrade};

}  // namespace nacre
