// com.microsoft.Trilu: ai.onnx's, before that had it.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/rewrite.h"

namespace nacre {
namespace {

Result<void> upgrade(Upgrade& u) {
  NACRE_TRY(check_arity(u));
  return replace(u, {u.builder.add("Trilu", {u.input(0), u.input(1)}, {{"upper", u.node.attributes.integer("upper", 1)}})});
}

}  // namespace

extern const Op op_microsoft_trilu;
const Op op_microsoft_trilu{.name = "Trilu",
                            .domain = "com.microsoft",
                            .since = {1, kRewritten},
                            .types = all_types,
                            .inputs = {1, 2},
                            .outputs = {1, 1},
                            .infer = never_inferred,
                            .evaluate = never_evaluated,
                            .upgrade = upgrade};

}  // namespace nacre
