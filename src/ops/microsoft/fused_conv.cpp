// FusedConv: y = activation(Conv(x, w, b) + z).
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/fused_activation.h"

namespace nacre {
namespace {

Result<void> upgrade(Upgrade& u) {
  NACRE_TRY(check_arity(u));
  Attributes attributes = u.node.attributes;
  attributes.erase("activation"), attributes.erase("activation_params");
  const Edge y = u.builder.add("Conv", {u.input(0), u.input(1), u.input(2)}, std::move(attributes));
  return replace(u, {NACRE_TRY(activated(u.builder, add_optional(u.builder, y, u.input(3)), u.node.attributes.string("activation", ""),
                                         u.node.attributes.reals("activation_params")))});
}

}  // namespace

extern const Op op_microsoft_fused_conv;
const Op op_microsoft_fused_conv{.name = "FusedConv",
                                 .domain = "com.microsoft",
                                 .since = {1, kRewritten},
                                 .types = float_types,
                                 .inputs = {2, 4},
                                 .outputs = {1, 1},
                                 .infer = never_inferred,
                                 .evaluate = never_evaluated,
                                 .upgrade = upgrade};

}  // namespace nacre
