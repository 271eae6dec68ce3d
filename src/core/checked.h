// Arithmetic on sizes that come from outside: every product and sum is checked.
#pragma once

#include <cstdint>
#include <limits>
#include <span>

#include "core/result.h"

namespace nacre {

inline Result<int64_t> checked_mul(int64_t a, int64_t b) {
  int64_t out;
  if (__builtin_mul_overflow(a, b, &out)) return fail(ErrorCode::resource_exhausted, a, " * ", b, " overflows 64 bits");
  return out;
}

inline Result<int64_t> checked_add(int64_t a, int64_t b) {
  int64_t out;
  if (__builtin_add_overflow(a, b, &out)) return fail(ErrorCode::resource_exhausted, a, " + ", b, " overflows 64 bits");
  return out;
}

/// Number of elements; fails on a negative dimension or overflow.
Result<int64_t> checked_count(std::span<const int64_t> shape);

/// Bytes that `shape` elements of `dtype` take in storage (packed types rounded up, strings sizeof(std::string) each).
Result<int64_t> checked_bytes(DType dtype, std::span<const int64_t> shape);

/// A half-open range of a file or buffer, known to lie inside it.
struct Range {
  int64_t begin = 0, length = 0;
};
Result<Range> checked_range(int64_t offset, int64_t length, int64_t size);

/// `index` made non-negative by counting from the end, or an error: `axis -5 is outside [-3, 3)`.
Result<int64_t> checked_index(int64_t index, int64_t size, std::string_view what);

}  // namespace nacre
