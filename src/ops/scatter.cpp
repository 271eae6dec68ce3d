// Scatter: the name of ScatterElements in opsets 9 and 10.
// https://onnx.ai/onnx/operators/onnx__Scatter.html
#include "ops/op.h"

namespace nacre {
namespace {

// Every node is upgraded at import: what reaches these was built by hand.
Result<void> infer(Inference&) { return fail(ErrorCode::unsupported, "Scatter is an old name of ScatterElements"); }
Result<void> evaluate(Evaluation&) { return fail(ErrorCode::unsupported, "Scatter is an old name of ScatterElements"); }

Result<void> upgrade(Upgrade& u) {
  u.node.op = find_op("", "ScatterElements");
  return {};
}

}  // namespace

extern const Op op_scatter;
const Op op_scatter{.name = "Scatter",
                    .since = {9, 11},
                    .inputs = {3, 3},
                    .infer = infer,
                    .evaluate = evaluate,
                    .upgrade = upgrade,
                    .kind = OpKind::movement};

}  // namespace nacre
