// com.microsoft.Pad: ai.onnx's with pads of rank 1 or [1, 2 * rank] and a value of one element.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/rewrite.h"

namespace nacre {
namespace {

Result<void> upgrade(Upgrade& u) {
  NACRE_TRY(check_arity(u));
  Builder& b = u.builder;
  const Edge pads = b.reshape(u.input(1), std::vector<int64_t>{-1}),
             value = u.has(2) ? b.reshape(u.input(2), std::vector<int64_t>{}) : kAbsent;
  return replace(u, {b.add("Pad", {u.input(0), pads, value}, {{"mode", u.node.attributes.string("mode", "constant")}})});
}

}  // namespace

extern const Op op_microsoft_pad;
const Op op_microsoft_pad{.name = "Pad",
                          .domain = "com.microsoft",
                          .since = {1, kRewritten},
                          .types = float_types,
                          .inputs = {2, 3},
                          .outputs = {1, 1},
                          .infer = never_inferred,
                          .evaluate = never_evaluated,
                          .upgrade = upgrade};

}  // namespace nacre
