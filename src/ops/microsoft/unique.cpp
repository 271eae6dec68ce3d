// com.microsoft.Unique: ai.onnx's in the order of first occurrence, without the indices of those.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/rewrite.h"

namespace nacre {
namespace {

Result<void> upgrade(Upgrade& u) {
  NACRE_TRY(check_arity(u));
  const std::vector<Edge> out = u.builder.add_many("Unique", {u.input(0)}, 4, {{"sorted", int64_t{0}}});
  return replace(u, {out[0], out[2], out[3]});
}

}  // namespace

extern const Op op_microsoft_unique;
const Op op_microsoft_unique{.name = "Unique",
                             .domain = "com.microsoft",
                             .since = {1, kRewritten},
                             .types = all_types,
                             .inputs = {1, 1},
                             .outputs = {1, 3},
                             .infer = never_inferred,
                             .evaluate = never_evaluated,
                             .upgrade = upgrade};

}  // namespace nacre
