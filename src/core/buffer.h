// How the room makes tensors around buffers of its own; others call allocate().
#pragma once

#include <memory>

#include "nacre/tensor.h"

namespace nacre {

inline constexpr int64_t kBufferAlignment = 64;

struct TensorMaker {
  static Tensor own(DType dtype, Shape shape, int64_t count, std::shared_ptr<void> buffer);
  /// `target`, whose elements come from `source` when somebody reads them.
  static Tensor fill_when_read(Tensor target, const void* source, std::shared_ptr<const void> owner);
};

}  // namespace nacre
