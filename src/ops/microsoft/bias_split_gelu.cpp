// BiasSplitGelu: y = left * gelu(right), the halves of x + bias along the last axis.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/rewrite.h"

namespace nacre {
namespace {

Result<void> upgrade(Upgrade& u) {
  NACRE_TRY(check_arity(u));
  Builder& b = u.builder;
  const Edge sum = b.add(u.input(0), u.input(1));
  const std::vector<Edge> halves = b.add_many("Split", {sum}, 2, {{"axis", int64_t{-1}}, {"num_outputs", int64_t{2}}});
  return replace(u, {b.mul(halves[0], b.add("Gelu", {halves[1]}))});
}

}  // namespace

extern const Op op_microsoft_bias_split_gelu;
const Op op_microsoft_bias_split_gelu{.name = "BiasSplitGelu",
                                      .domain = "com.microsoft",
                                      .since = {1, kRewritten},
                                      .types = float_types,
                                      .inputs = {2, 2},
                                      .outputs = {1, 1},
                                      .infer = never_inferred,
                                      .evaluate = never_evaluated,
                                      .upgrade = upgrade};

}  // namespace nacre
