// Identity: the value itself, of any kind.
// https://onnx.ai/onnx/operators/onnx__Identity.html
#include "ops/op.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  inference.set(0, inference.input(0));
  return {};
}

Result<void> evaluate(Evaluation& e) {
  e.set(0, e.value(0));
  return {};
}

}  // namespace

extern const Op op_identity;
const Op op_identity{
    .name = "Identity", .since = {1, 13, 14, 16, 19, 21, 23, 24, 25}, .infer = infer, .evaluate = evaluate, .kind = OpKind::movement};

}  // namespace nacre
