// BitwiseNot: y = ~x, bit by bit.
// https://onnx.ai/onnx/operators/onnx__BitwiseNot.html
#include "ops/op.h"

namespace nacre {
namespace {

Result<void> evaluate(Evaluation& e) {
  Tensor* y = NACRE_TRY(e.output(0, e.shape(0)));
  const uint8_t* x = static_cast<const uint8_t*>(e.input(0).raw());
  uint8_t* out = static_cast<uint8_t*>(y->mutable_raw());
  for (size_t i = 0, size = y->byte_size(); i < size; ++i) out[i] = static_cast<uint8_t>(~x[i]);
  return {};
}

}  // namespace

extern const Op op_bitwise_not;
const Op op_bitwise_not{.name = "BitwiseNot",
                        .since = {18},
                        .types = integer_types,
                        .infer = same_as_input,
                        .evaluate = evaluate,
                        .kind = OpKind::elementwise,
                        .may_alias = 1};

}  // namespace nacre
