// BiasGelu: y = gelu(a + b), by erf.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/rewrite.h"

namespace nacre {
namespace {

Result<void> upgrade(Upgrade& u) {
  NACRE_TRY(check_arity(u));
  return replace(u, {u.builder.add("Gelu", {u.builder.add(u.input(0), u.input(1))})});
}

}  // namespace

extern const Op op_microsoft_bias_gelu;
const Op op_microsoft_bias_gelu{.name = "BiasGelu",
                                .domain = "com.microsoft",
                                .since = {1, kRewritten},
                                .types = float_types,
                                .inputs = {2, 2},
                                .outputs = {1, 1},
                                .infer = never_inferred,
                                .evaluate = never_evaluated,
                                .upgrade = upgrade};

}  // namespace nacre
