// Scatter: the name of ScatterElements in opsets 9 and 10.
// https://onnx.ai/onnx/operators/onnx__Scatter.html
#include "ops/op.h"

namespace nacre {
namespace {

Result<void> evaluate(Evaluation&) { return fail(ErrorCode::internal, "Scatter was not upgraded to ScatterElements"); }

Result<void> upgrade(Upgrade& u) {
  u.node.op = find_op("", "ScatterElements");
  return {};
}

}  // namespace

extern const Op op_scatter;
const Op op_scatter{.name = "Scatter",
                    .since = {9, 11},
                    .inputs = {3, 3},
                    .infer = same_as_input,
                    .evaluate = evaluate,
                    .upgrade = upgrade,
                    .kind = OpKind::movement};

}  // namespace nacre
