// QLinearReduceMean: y = quantize(ReduceMean(dequantize(x))).
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/dequantized.h"

namespace nacre {
namespace {

Result<void> upgrade(Upgrade& u) {
  if (!u.has(3)) return fail(ErrorCode::invalid_model, "input 3 is required and absent");
  const Attributes& a = u.node.attributes;
  const Edge y = u.builder.reduce("ReduceMean", dequantized(u, 0), a.integers("axes"), a.integer("keepdims", 1) != 0);
  return replace(u, {quantized(u, y, 3, u.fact(0).dtype)});
}

}  // namespace

extern const Op op_microsoft_q_linear_reduce_mean;
const Op op_microsoft_q_linear_reduce_mean{.name = "QLinearReduceMean",
                                           .domain = "com.microsoft",
                                           .since = {1, kRewritten},
                                           .types = kBytes,
                                           .inputs = {4, 5},
                                           .outputs = {1, 1},
                                           .infer = never_inferred,
                                           .evaluate = never_evaluated,
                                           .upgrade = upgrade};

}  // namespace nacre
