// QuickGelu: y = x * sigmoid(alpha * x), which ai.onnx calls Swish.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/rewrite.h"

namespace nacre {
namespace {

Result<void> upgrade(Upgrade& u) {
  NACRE_TRY(check_arity(u));
  return replace(u, {u.builder.add("Swish", {u.input(0)}, {{"alpha", u.node.attributes.real("alpha", 1.702f)}})});
}

}  // namespace

extern const Op op_microsoft_quick_gelu;
const Op op_microsoft_quick_gelu{.name = "QuickGelu",
                                 .domain = "com.microsoft",
                                 .since = {1, kRewritten},
                                 .types = float_types,
                                 .inputs = {1, 1},
                                 .outputs = {1, 1},
                                 .infer = never_inferred,
                                 .evaluate = never_evaluated,
                                 .upgrade = upgrade};

}  // namespace nacre
