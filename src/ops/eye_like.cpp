// EyeLike: ones on diagonal `k`, zeros elsewhere, in the shape of the input.
// https://onnx.ai/onnx/operators/onnx__EyeLike.html
#include <algorithm>
#include <cstring>

#include "ops/dtype_attribute.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  const SymShape* shape = inference.shape(0);
  if (shape && shape->size() != 2) return fail(ErrorCode::invalid_argument, "takes a matrix, given ", *shape);
  inference.set(0, NACRE_TRY(dtype_attribute(inference.attributes(), "dtype", inference.dtype(0))), inference.input(0).shape);
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const Shape& shape = e.shape(0);
  if (shape.size() != 2) return fail(ErrorCode::invalid_argument, "takes a matrix, given ", describe(e.input(0)));
  Tensor* y = NACRE_TRY(e.output(0, NACRE_TRY(dtype_attribute(e.attributes(), "dtype", e.dtype(0))), shape));
  if (y->dtype() == DType::string || y->size() == 0) return {};
  std::memset(y->mutable_raw(), 0, y->byte_size());
  const int64_t k = e.attributes().integer("k", 0), one = 1;
  if (k <= -shape[0] || k >= shape[1]) return {};
  for (int64_t row = std::max<int64_t>(0, -k); row < shape[0] && row + k < shape[1]; ++row)
    store_from<int64_t>(y->dtype(), y->mutable_raw(), row * shape[1] + row + k, 1, &one);
  return {};
}

}  // namespace

extern const Op op_eye_like;
const Op op_eye_like{
    .name = "EyeLike", .since = {9, 22}, .types = numeric_types | TypeSet{DType::boolean}, .infer = infer, .evaluate = evaluate};

}  // namespace nacre
