#include "ops/random_fill.h"

namespace nacre {

Result<void> infer_random(Inference& inference) {
  const Shape shape = inference.attributes().integers("shape");
  for (int64_t dim : shape)
    if (dim < 0) return fail(ErrorCode::invalid_model, "attribute 'shape' is ", shape);
  inference.set(0, NACRE_TRY(dtype_attribute(inference.attributes(), "dtype", DType::float32)), symbolic(shape));
  return {};
}

Result<void> infer_random_like(Inference& inference) {
  inference.set(0, NACRE_TRY(dtype_attribute(inference.attributes(), "dtype", inference.dtype(0))), inference.input(0).shape);
  return {};
}

}  // namespace nacre
