// SkipLayerNormalization: y = LayerNormalization(input + skip + bias).
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/rewrite.h"

namespace nacre {
namespace {

Result<void> upgrade(Upgrade& u) {
  NACRE_TRY(check_arity(u));
  Builder& b = u.builder;
  const Edge sum = add_optional(b, b.add(u.input(0), u.input(1)), u.input(4));
  const bool moments = u.node.has_output(1) || u.node.has_output(2);
  std::vector<Edge> out = b.add_many("LayerNormalization", {sum, u.input(2), u.input(3)}, moments ? 3 : 1,
                                     {{"epsilon", u.node.attributes.real("epsilon", 1e-12f)}});
  out.resize(3, kAbsent);
  out.push_back(sum);
  return replace(u, std::move(out));
}

}  // namespace

extern const Op op_microsoft_skip_layer_normalization;
const Op op_microsoft_skip_layer_normalization{.name = "SkipLayerNormalization",
                                               .domain = "com.microsoft",
                                               .since = {1, kRewritten},
                                               .types = float_types,
                                               .inputs = {3, 5},
                                               .outputs = {1, 4},
                                               .infer = never_inferred,
                                               .evaluate = never_evaluated,
                                               .upgrade = upgrade};

}  // namespace nacre
