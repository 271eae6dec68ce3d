// BitShift: z = x << y or x >> y by `direction`; shifting out every bit gives 0.
// https://onnx.ai/onnx/operators/onnx__BitShift.html
#include "ops/logic.h"

namespace nacre {
namespace {

Result<void> evaluate(Evaluation& e) {
  const std::string direction = e.attributes().string("direction", "");
  if (direction == "LEFT")
    return bitwise<[](auto a, auto b) { return static_cast<uint64_t>(b) < 64 ? static_cast<uint64_t>(a) << b : 0; }>(e);
  if (direction == "RIGHT")
    return bitwise<[](auto a, auto b) { return static_cast<uint64_t>(b) < 64 ? static_cast<uint64_t>(a) >> b : 0; }>(e);
  return fail(ErrorCode::invalid_model, "direction is \"", direction, "\", not \"LEFT\" or \"RIGHT\"");
}

}  // namespace

extern const Op op_bit_shift;
const Op op_bit_shift{.name = "BitShift",
                      .since = {11},
                      .types = unsigned_types,
                      .inputs = {2, 2},
                      .infer = broadcast_inputs,
                      .evaluate = evaluate,
                      .kind = OpKind::elementwise,
                      .may_alias = 3};

}  // namespace nacre
