// Elements of any dtype to any other, by the rules of ONNX Cast.
// https://onnx.ai/onnx/operators/onnx__Cast.html
#pragma once

#include <cstdint>

#include "core/result.h"
#include "nacre/dtype.h"

namespace nacre {

/// Cast's `round_mode`: only for float8e8m0, on the magnitude. `nearest` takes ties up.
enum class RoundMode : uint8_t { up, down, nearest };

struct ConvertOptions {
  bool saturate = true;  ///< 8-bit floats: out of range gives the largest value, not NaN or infinity
  RoundMode round_mode = RoundMode::up;
};

/// Reads `count` elements from element `first` of packed-or-plain storage as T (float, double, int64_t or uint64_t).
/// Floats become integers by cutting the fraction (NaN and out of range: the smallest integer), bool is 0 or 1, a
/// complex number gives its real part, a string 0.
template <class T>
void load_as(DType dtype, const void* source, int64_t first, int64_t count, T* out);

/// Writes T values as elements of `dtype`. To floats: rounds once, to nearest even. To integers: the fraction is cut, then
/// integers keep their low bits. To bool: anything but 0. To packed types: other elements in the same byte are kept, so
/// two threads must not write into one byte. Strings are left alone.
template <class T>
void store_from(DType dtype, void* target, int64_t first, int64_t count, const T* in, const ConvertOptions& options = {});

/// Fills `to`, which has as many elements and the wanted dtype. Fails (invalid_argument) on a string that is no number
/// and on unequal counts. Numbers become the shortest text that reads back: "0.1", "3", "1e+20", "NaN", "INF", "-INF".
Result<void> convert(const Tensor& from, Tensor& to, const ConvertOptions& options = {});

}  // namespace nacre
