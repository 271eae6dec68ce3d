// FastGelu: y = gelu(x + bias), by tanh.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/rewrite.h"

namespace nacre {
namespace {

Result<void> upgrade(Upgrade& u) {
  NACRE_TRY(check_arity(u));
  return replace(u, {u.builder.add("Gelu", {add_optional(u.builder, u.input(0), u.input(1))}, {{"approximate", "tanh"}})});
}

}  // namespace

extern const Op op_microsoft_fast_gelu;
const Op op_microsoft_fast_gelu{.name = "FastGelu",
                                .domain = "com.microsoft",
                                .since = {1, kRewritten},
                                .types = float_types,
                                .inputs = {1, 2},
                                .outputs = {1, 1},
                                .infer = never_inferred,
                                .evaluate = never_evaluated,
                                .upgrade = upgrade};

}  // namespace nacre
