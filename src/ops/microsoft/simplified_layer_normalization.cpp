// SimplifiedLayerNormalization, which ONNX Runtime put into ai.onnx: RMSNormalization before it had a name.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/rewrite.h"

namespace nacre {
namespace {

Result<void> upgrade(Upgrade& u) {
  NACRE_TRY(check_arity(u));
  Builder& b = u.builder;
  const float epsilon = u.node.attributes.real("epsilon", 1e-5f);
  const int64_t axis = u.node.attributes.integer("axis", -1);
  Edge x = u.input(0);
  if (u.node.has_output(1) && axis != -1) return fail(ErrorCode::unsupported, "inv_std_var over axes from ", axis, " on");
  const Edge inverse = u.node.has_output(1) ? inverse_rms(b, x, epsilon) : kAbsent;
  if (u.fact(0).dtype != u.fact(1).dtype) x = b.cast(x, u.fact(1).dtype);  // y has the scale's type
  return replace(u, {b.add("RMSNormalization", {x, u.input(1)}, {{"axis", axis}, {"epsilon", epsilon}}), inverse});
}

}  // namespace

extern const Op op_microsoft_simplified_layer_normalization;
const Op op_microsoft_simplified_layer_normalization{.name = "SimplifiedLayerNormalization",
                                                     .domain = "",
                                                     .since = {1, kRewritten},
                                                     .types = float_types,
                                                     .inputs = {2, 2},
                                                     .outputs = {1, 2},
                                                     .infer = never_inferred,
                                                     .evaluate = never_evaluated,
                                                     .upgrade = upgrade};

}  // namespace nacre
