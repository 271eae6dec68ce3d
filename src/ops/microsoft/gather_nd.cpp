// com.microsoft.GatherND: ai.onnx's, with indices of 32 bits too.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/rewrite.h"

namespace nacre {
namespace {

Result<void> upgrade(Upgrade& u) {
  NACRE_TRY(check_arity(u));
  return replace(u, {u.builder.add("GatherND", {u.input(0), u.builder.cast(u.input(1), DType::int64)})});
}

}  // namespace

extern const Op op_microsoft_gather_nd;
const Op op_microsoft_gather_nd{.name = "GatherND",
                                .domain = "com.microsoft",
                                .since = {1, kRewritten},
                                .types = all_types,
                                .inputs = {2, 2},
                                .outputs = {1, 1},
                                .infer = never_inferred,
                                .evaluate = never_evaluated,
                                .upgrade = upgrade};

}  // namespace nacre
