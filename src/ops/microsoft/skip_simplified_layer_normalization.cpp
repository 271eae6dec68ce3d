// SkipSimplifiedLayerNormalization: y = RMSNormalization(input + skip + bias).
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/rewrite.h"

namespace nacre {
namespace {

Result<void> upgrade(Upgrade& u) {
  NACRE_TRY(check_arity(u));
  NACRE_TRY(check_unwanted(u, 1, "mean"));
  Builder& b = u.builder;
  const float epsilon = u.node.attributes.real("epsilon", 1e-12f);
  const Edge sum = add_optional(b, b.add(u.input(0), u.input(1)), u.input(3));
  const Edge y = b.add("RMSNormalization", {sum, u.input(2)}, {{"epsilon", epsilon}});
  return replace(u, {y, kAbsent, u.node.has_output(2) ? inverse_rms(b, sum, epsilon) : kAbsent, sum});
}

}  // namespace

extern const Op op_microsoft_skip_simplified_layer_normalization;
const Op op_microsoft_skip_simplified_layer_normalization{.name = "SkipSimplifiedLayerNormalization",
                                                          .domain = "com.microsoft",
                                                          .since = {1, kRewritten},
                                                          .types = float_types,
                                                          .inputs = {3, 4},
                                                          .outputs = {1, 4},
                                                          .infer = never_inferred,
                                                          .evaluate = never_evaluated,
                                                          .upgrade = upgrade};

}  // namespace nacre
