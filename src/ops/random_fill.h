// Shared by the operators whose whole output is random.
#pragma once

#include "ops/dtype_attribute.h"
#include "ops/elementwise.h"
#include "ops/random.h"

namespace nacre {

/// Attributes `dtype` (float32) and `shape`.
Result<void> infer_random(Inference& inference);
/// The input's shape; attribute `dtype`, or the input's.
Result<void> infer_random_like(Inference& inference);

/// Output 0 of this shape, element by element from draw(random).
template <class Draw>
Result<void> fill_random(Evaluation& e, const Shape& shape, Draw draw) {
  const DType otherwise = e.has(0) ? e.dtype(0) : DType::float32;
  const DType dtype = NACRE_TRY(dtype_attribute(e.attributes(), "dtype", otherwise));
  if (dtype == DType::string || is_complex(dtype)) return fail(ErrorCode::invalid_model, "cannot draw elements of type ", dtype);
  Tensor* y = NACRE_TRY(e.output(0, dtype, shape));
  Random random = Random::from(e.attributes());
  double block[kBlock];
  for (int64_t begin = 0; begin < y->size(); begin += kBlock) {
    const int64_t count = std::min(kBlock, y->size() - begin);
    for (int64_t i = 0; i < count; ++i) block[i] = draw(random);
    store_from<double>(dtype, y->mutable_raw(), begin, count, block);
  }
  return {};
}

}  // namespace nacre
