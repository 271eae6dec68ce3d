// Not: y = not x.
// https://onnx.ai/onnx/operators/onnx__Not.html
#include "ops/op.h"

namespace nacre {
namespace {

Result<void> evaluate(Evaluation& e) {
  Tensor* y = NACRE_TRY(e.output(0, e.shape(0)));
  const bool* x = static_cast<const bool*>(e.input(0).raw());
  bool* out = static_cast<bool*>(y->mutable_raw());
  for (int64_t i = 0; i < y->size(); ++i) out[i] = !x[i];
  return {};
}

}  // namespace

extern const Op op_not;
const Op op_not{.name = "Not",
                .since = {1},
                .types = TypeSet{DType::boolean},
                .infer = same_as_input,
                .evaluate = evaluate,
                .kind = OpKind::elementwise,
                .may_alias = 1};

}  // namespace nacre
