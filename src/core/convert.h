// Elements of any dtype to and from the few types that arithmetic is done in.
#pragma once

#include <cstdint>

#include "nacre/dtype.h"

namespace nacre {

/// Reads `count` elements from element `first` of packed-or-plain storage as T (float, double, int64_t or uint64_t).
template <class T>
void load_as(DType dtype, const void* source, int64_t first, int64_t count, T* out);
/// Writes T values as elements of `dtype`, rounding to nearest even.
template <class T>
void store_from(DType dtype, void* target, int64_t first, int64_t count, const T* in);

}  // namespace nacre
