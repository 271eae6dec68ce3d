// StringConcat: z = x followed by y, broadcast.
// https://onnx.ai/onnx/operators/onnx__StringConcat.html
#include "ops/elementwise.h"

namespace nacre {
namespace {

Result<void> evaluate(Evaluation& e) {
  Tensor* z = NACRE_TRY(e.output(0, NACRE_TRY(broadcast(e.shape(0), e.shape(1)))));
  const Shape* shapes[] = {&e.shape(0), &e.shape(1)};
  zip_elements(e.input(0).data<std::string>().data(), e.input(1).data<std::string>().data(), static_cast<std::string*>(z->mutable_raw()),
               BroadcastWalk(z->shape(), shapes), [](const std::string& a, const std::string& b) { return a + b; });
  return {};
}

}  // namespace

extern const Op op_string_concat;
const Op op_string_concat{.name = "StringConcat",
                          .since = {20},
                          .types = TypeSet{DType::string},
                          .inputs = {2, 2},
                          .infer = broadcast_inputs,
                          .evaluate = evaluate,
                          .kind = OpKind::elementwise};

}  // namespace nacre
