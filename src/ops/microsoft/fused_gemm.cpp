// FusedGemm: y = activation(alpha * a b + beta * c).
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/fused_activation.h"

namespace nacre {
namespace {

Result<void> upgrade(Upgrade& u) {
  NACRE_TRY(check_arity(u));
  Attributes attributes = u.node.attributes;
  std::vector<float> parameters;
  for (const char* name : {"activation_alpha", "activation_beta", "activation_gamma"}) {
    if (attributes.has(name)) parameters.push_back(attributes.real(name, 0));
    attributes.erase(name);
  }
  attributes.erase("activation");
  const Edge y = u.builder.add("Gemm", {u.input(0), u.input(1), u.input(2)}, std::move(attributes));
  return replace(u, {NACRE_TRY(activated(u.builder, y, u.node.attributes.string("activation", ""), parameters))});
}

}  // namespace

extern const Op op_microsoft_fused_gemm;
const Op op_microsoft_fused_gemm{.name = "FusedGemm",
                                 .domain = "com.microsoft",
                                 .since = {1, kRewritten},
                                 .types = numeric_types,
                                 .inputs = {2, 3},
                                 .outputs = {1, 1},
                                 .infer = never_inferred,
                                 .evaluate = never_evaluated,
                                 .upgrade = upgrade};

}  // namespace nacre
