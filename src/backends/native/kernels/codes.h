// Kernels on 8-bit codes of images with their channels last: a code stands for (code - zero) * scale.
//
//     native::CodeConvArgs args{.rows = height, .columns = width, .x = x, .x_row = pitch, .x_column = channels, ...};
//     native::kernels().conv_codes(args);                 // sums become codes as they leave the registers
//
// Rounding is to the nearest code, halves to the even one; what does not fit becomes the least or the greatest code.
#pragma once

#include "backends/native/kernels/kernels.h"

namespace nacre::native {

/// code = saturate(round(float(sum + start[column]) * units[column]) + zero).
struct Requantize {
  const int32_t* start = nullptr;
  const float* units = nullptr;
  int32_t zero = 0;
  bool is_signed = false;
};

/// Codes and what they stand for.
struct CodeScale {
  float scale = 1;
  int32_t zero = 0;
  bool is_signed = false;
};

/// Codes that are added to those just made, as binary_codes would add them: y = own + codes, each with its scale.
struct CodeResidual {
  const uint8_t* codes = nullptr;  ///< lie as y does; null: nothing is added
  CodeScale scale, own_scale, y_scale;
};

/// x is uint8 (flip the highest bit of int8 and add 128 to its zero point):
/// y[row, column] = codes of the sums over taps and depth of x[row * x_row + column * x_column + tap_offset] * weights[n].
/// With `finishes`, `finish` says instead what becomes of them, as integer_gemm's arguments do: c has the positions' rows of n at
/// y_row and y_column; its residual lies as c does; a, b, m, n, k and the part to compute are not read.
struct CodeConvArgs {
  int64_t rows = 0, columns = 0;
  const uint8_t* x = nullptr;
  int64_t x_row = 0, x_column = 0;
  const int64_t* tap_offsets = nullptr;
  int64_t taps = 0, depth = 0;
  const void* weights = nullptr;           ///< integer_pack's panels of `taps` taps, for an unsigned x
  const int32_t* weight_zeros = nullptr;   ///< of the packed weights, n values; null: all are 0
  int64_t n = 0, n_begin = 0, n_end = -1;  ///< begin: a multiple of gemm_panel
  uint8_t* y = nullptr;
  int64_t y_row = 0, y_column = 0;
  Requantize requantize;
  CodeResidual residual;
  bool finishes = false;
  IntegerGemmArgs finish;
};

/// As above with one weight a channel and tap. `x` is readable for depthwise_codes_slack bytes behind its last tap.
struct DepthwiseCodesArgs {
  int64_t rows = 0, columns = 0, channels = 0;
  const uint8_t* x = nullptr;
  int64_t x_row = 0, x_column = 0;
  const int64_t* tap_offsets = nullptr;  ///< of `taps` rounded up to a multiple of four; those behind may be anything readable
  int64_t taps = 0;
  const void* packed = nullptr;  ///< depthwise_codes_pack's
  uint8_t* y = nullptr;
  int64_t y_row = 0, y_column = 0;
  int32_t zero = 0;
  bool y_signed = false;
  bool finishes = false;  ///< as in CodeConvArgs, for a packed form without starts
  IntegerGemmArgs finish;
  const int32_t* weight_sums = nullptr;  ///< for `finish`: of all taps, readable for whole panels
};
struct DepthwisePackArgs {
  const int8_t* weights = nullptr;  ///< [channels, taps], less their zero points
  int64_t channels = 0, taps = 0;
  const int32_t* start = nullptr;  ///< bias - x_zero * sum of weights
  const float* units = nullptr;
  void* packed = nullptr;  ///< depthwise_codes_size bytes
};

enum class CodeBinary : uint8_t { add, mul };
/// Strides are 1, or 0 for a code that repeats. y may be a or b.
struct CodeBinaryArgs {
  CodeBinary kind = CodeBinary::add;
  const uint8_t *a = nullptr, *b = nullptr;
  int64_t a_stride = 1, b_stride = 1;
  uint8_t* y = nullptr;
  int64_t n = 0;
  CodeScale a_scale, b_scale, y_scale;
};

/// Rows [row_begin, row_end) of an image with its channels last.
struct CodePoolArgs {
  Window window;
  Pooling pooling = Pooling::max;
  const uint8_t* x = nullptr;
  uint8_t* y = nullptr;
  int64_t channels = 0;
  int64_t row_begin = 0, row_end = 0;
  CodeScale x_scale, y_scale;  ///< the greatest code needs only the signedness
  int32_t* sums = nullptr;     ///< `channels` of them
};

}  // namespace nacre::native
