// BiasAdd: y = x + bias + skip.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/rewrite.h"

namespace nacre {
namespace {

Result<void> upgrade(Upgrade& u) {
  NACRE_TRY(check_arity(u));
  return replace(u, {u.builder.add(u.builder.add(u.input(0), u.input(1)), u.input(2))});
}

}  // namespace

extern const Op op_microsoft_bias_add;
const Op op_microsoft_bias_add{.name = "BiasAdd",
                               .domain = "com.microsoft",
                               .since = {1, kRewritten},
                               .types = float_types,
                               .inputs = {3, 3},
                               .outputs = {1, 1},
                               .infer = never_inferred,
                               .evaluate = never_evaluated,
                               .upgrade = upgrade};

}  // namespace nacre
