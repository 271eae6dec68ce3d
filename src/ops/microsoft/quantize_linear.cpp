// com.microsoft.QuantizeLinear: ai.onnx's with 16-bit and 4-bit results, before that had them. No axis: one scale for all.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/dequantized.h"

namespace nacre {
namespace {

Result<void> upgrade(Upgrade& u) {
  NACRE_TRY(check_arity(u));
  return replace(u,
                 {u.builder.add("QuantizeLinear", {u.input(0), u.input(1), u.input(2)}, {{"axis", u.node.attributes.integer("axis", 1)}})});
}

}  // namespace

extern const Op op_microsoft_quantize_linear;
const Op op_microsoft_quantize_linear{.name = "QuantizeLinear",
                                      .domain = "com.microsoft",
                                      .since = {1, kRewritten},
                                      .types = float_types,
                                      .inputs = {2, 3},
                                      .outputs = {1, 1},
                                      .infer = never_inferred,
                                      .evaluate = never_evaluated,
                                      .upgrade = upgrade};

}  // namespace nacre
