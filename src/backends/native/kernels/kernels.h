// The kernels: plain functions over raw pointers, compiled once per instruction set, chosen once per process.
//
//     const native::Kernels& k = native::kernels();                       // the best this CPU runs (knob NACRE_ISA)
//     std::vector<float> packed(k.gemm_packed_size(rows_of_b, columns));  // once per weight
//     k.gemm_pack(weights, ldb, /*transposed=*/false, rows_of_b, columns, packed.data());
//     native::GemmArgs args{.m = m, .n = n, .k = depth, .a = x, .lda = depth, .b = packed.data(), .c = y, .ldc = n};
//     args.epilogue = {.bias_columns = bias, .activation = native::Activation::gelu_erf};
//     k.gemm(args.part_of_rows(0, m));                                    // a range per thread: the caller's business
//
// Products of 8-bit integers go the same way: integer_pack, then integer_gemm.
// No kernel allocates, throws, locks or starts threads. Sizes and strides count elements. Outputs may not overlap inputs
// unless said. Sizes of zero are allowed everywhere and do nothing.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "backends/native/kernels/typed.h"

namespace nacre::native {

enum class Activation : uint8_t {
  none,
  relu,
  clip,         // min(max(x, alpha), beta)
  leaky_relu,   // x < 0 ? alpha x : x
  elu,          // x < 0 ? alpha (exp(x) - 1) : x
  hardsigmoid,  // clip(alpha x + beta, 0, 1)
  hardswish,    // x clip(x/6 + 1/2, 0, 1)
  sigmoid,
  tanh,
  silu,
  gelu_erf,
  gelu_tanh,
  mish,
  softplus,
  count_
};

enum class Unary : uint8_t {
  neg,
  abs,
  relu,
  square,
  sqrt,
  rsqrt,
  reciprocal,
  floor,
  ceil,
  round,
  exp,
  log,
  erf,
  tanh,
  sigmoid,
  silu,
  gelu_erf,
  gelu_tanh,
  softplus,
  mish,
  sin,
  cos,
  asin,
  acos,
  atan,
  count_
};

enum class Binary : uint8_t { add, sub, mul, div, min, max, pow, count_ };  // min and max give NaN when either side is

enum class Reduction : uint8_t { sum, mean, max, min, sum_square, count_ };  // max and min give NaN when an element is

/// What happens to a product before it is stored: scale activation(product + bias + residual) + shift, or scale
/// activation(product + bias) + shift + residual.
struct Epilogue {
  const float* bias_columns = nullptr;  ///< n values, one per column
  const float* bias_rows = nullptr;     ///< m values, one per row
  const float* residual = nullptr;      ///< [m, n]; may be c itself unless added after the activation
  int64_t residual_stride = 0;
  float residual_scale = 1;
  bool residual_after_activation = false;
  Activation activation = Activation::none;
  float alpha = 0, beta = 0;  ///< the activation's parameters
  float scale = 1, shift = 0;
};

enum class MatrixLayout : uint8_t { packed, row_major, transposed };  // of b: panels; [k, n]; [n, k]

/// c[m, n] = epilogue(a[m, k] b[k, n]).
struct GemmArgs {
  int64_t m = 0, n = 0, k = 0;
  const float* a = nullptr;
  int64_t lda = 0;
  const float* b = nullptr;
  int64_t ldb = 0;  ///< not used for packed panels
  MatrixLayout b_layout = MatrixLayout::packed;
  float* c = nullptr;
  int64_t ldc = 0;
  Epilogue epilogue;
  bool accumulate = false;                    ///< c holds sums to add to, before the epilogue
  float* scratch = nullptr;                   ///< gemm_scratch(k, n) floats when b is not packed
  int64_t row_begin = 0, row_end = -1;        ///< the part to compute; -1: to the end
  int64_t column_begin = 0, column_end = -1;  ///< begin: a multiple of gemm_panel

  GemmArgs part_of_rows(int64_t begin, int64_t end) const {
    GemmArgs part = *this;
    part.row_begin = begin, part.row_end = end;
    return part;
  }
  GemmArgs part_of_columns(int64_t begin, int64_t end) const {
    GemmArgs part = *this;
    part.column_begin = begin, part.column_end = end;
    return part;
  }
};

enum class IntegerOutput : uint8_t { int32, float32, uint8, int8 };

/// What becomes of an integer product. The sums are less their zero points, plus `bias_sums`. int32: stored as they are, modulo
/// 2^32. Otherwise, each operation with its own rounding, as separate nodes would have it, y = sum (row_scale column_scale),
/// then `floats`, and float32 stores that. The bytes store saturate(round_to_even(y / output_scale) + output_zero_point), or,
/// when `multiplies_exactly`, of the sum times its scales in float64 without `floats`, as QLinearMatMul defines it.
struct IntegerEpilogue {
  IntegerOutput output = IntegerOutput::int32;
  const int32_t* bias_sums = nullptr;    ///< n values
  const float* row_scales = nullptr;     ///< m values
  const float* column_scales = nullptr;  ///< n values
  float scale = 1;                       ///< in place of column_scales
  Epilogue floats;                       ///< the residual lies as c does
  bool multiplies_exactly = false;
  float output_scale = 1;
  int32_t output_zero_point = 0;
};

/// c[m, n] = epilogue((a - zero point of the row)[m, k] (b - zero point of the column)[k, n]), a and b of 8 bits, sums modulo 2^32.
struct IntegerGemmArgs {
  int64_t m = 0, n = 0, k = 0;
  const void* a = nullptr;
  int64_t lda = 0;
  bool a_signed = false;
  const void* b = nullptr;  ///< integer_pack's panels, made for a's signedness
  bool b_signed = true;     ///< before packing
  int32_t a_zero_point = 0, b_zero_point = 0;
  const int32_t* a_zero_points = nullptr;  ///< m values in place of a_zero_point
  const int32_t* b_zero_points = nullptr;  ///< n values in place of b_zero_point
  void* c = nullptr;
  int64_t ldc = 0;
  IntegerEpilogue epilogue;
  int64_t row_begin = 0, row_end = -1;
  int64_t column_begin = 0, column_end = -1;  ///< begin: a multiple of gemm_panel

  IntegerGemmArgs part_of_rows(int64_t begin, int64_t end) const {
    IntegerGemmArgs part = *this;
    part.row_begin = begin, part.row_end = end;
    return part;
  }
  IntegerGemmArgs part_of_columns(int64_t begin, int64_t end) const {
    IntegerGemmArgs part = *this;
    part.column_begin = begin, part.column_end = end;
    return part;
  }
};

/// b row-major [taps * k, n] (or [n, taps * k] when transposed) to panels. A product has one tap; a convolution sums over
/// several, each as deep as x has channels and padded to whole groups of four.
struct IntegerPackArgs {
  const void* b = nullptr;
  int64_t ldb = 0;
  bool transposed = false, a_signed = false, b_signed = true;
  int64_t k = 0, n = 0, taps = 1;
  void* packed = nullptr;
  int64_t column_begin = 0, column_end = -1;  ///< only panels that start there
};

/// y[row] = norm(x[row] + residual[row]) * gamma + beta, rows of n contiguous values.
struct NormArgs {
  const float* x = nullptr;
  const float* residual = nullptr;     ///< may be null
  const float* gamma = nullptr;        ///< may be null
  const float* beta = nullptr;         ///< may be null
  float* y = nullptr;                  ///< may be x or residual
  float* sum = nullptr;                ///< x + residual when not null; may be x or residual
  float* mean = nullptr;               ///< one per row when not null (layer norm only)
  float* inverse_deviation = nullptr;  ///< one per row when not null
  int64_t rows = 0, n = 0;
  float epsilon = 1e-5f;
};

/// y[row] = softmax(x[row] * scale + mask[row]); mask may be null, its row stride 0. In place allowed.
struct SoftmaxArgs {
  const float* x = nullptr;
  float* y = nullptr;
  int64_t rows = 0, n = 0;
  float scale = 1;
  const float* mask = nullptr;
  int64_t mask_stride = 0;
};

/// One head: y[q] = sum over keys of softmax(scale q k + mask) v. Rows are head_size (value_size) contiguous floats.
struct AttentionArgs {
  const float* q = nullptr;
  const float* k = nullptr;
  const float* v = nullptr;
  float* y = nullptr;
  int64_t q_stride = 0, k_stride = 0, v_stride = 0, y_stride = 0;  ///< from one token to the next
  int64_t queries = 0, keys = 0, head_size = 0, value_size = 0;
  float scale = 1;
  float softcap = 0;            ///< > 0: scores become softcap tanh(score / softcap) before the mask
  const float* mask = nullptr;  ///< [queries, keys], added to scaled scores
  int64_t mask_stride = 0;      ///< from one query to the next, 0: the same for all
  bool causal = false;
  int64_t causal_offset = 0;  ///< query i sees keys up to i + causal_offset
  int64_t window = 0;         ///< > 0 and causal: only the last `window` of those keys
  float* scratch = nullptr;   ///< attention_scratch(args) floats
  int64_t query_begin = 0, query_end = -1;
};

/// One plane's window: how output positions map on input positions, by rows (0) and columns (1).
struct Window {
  int64_t input[2] = {1, 1}, output[2] = {1, 1}, kernel[2] = {1, 1}, stride[2] = {1, 1}, dilation[2] = {1, 1};
  int64_t pad_begin[2] = {0, 0}, pad_end[2] = {0, 0};
};

/// One image and one group: y[channels_out, output] = epilogue(weights[channels_out, channels_in * kernel] * patches of x).
/// Planes are contiguous. The epilogue sees rows = channels_out, columns = output positions.
struct ConvArgs {
  Window window;
  int64_t channels_in = 0, channels_out = 0;
  const float* x = nullptr;
  const float* weights = nullptr;
  float* y = nullptr;
  Epilogue epilogue;
  float* scratch = nullptr;                       ///< conv_scratch(args) floats
  int64_t channel_begin = 0, channel_end = -1;    ///< output channels to compute
  int64_t position_begin = 0, position_end = -1;  ///< output positions to compute; begin: a multiple of gemm_panel
};

/// Convolution of channels-last values, a grid of output positions at a time: y[row][column][n] = epilogue(sum over taps and
/// depth of x[row x_row + column x_column + tap_offsets[tap] + d] weights[tap depth + d][n]). Every tap of every position is
/// there: padding is the caller's business. x may lie in planes too (x_column: the stride; depth: a row of the kernel).
struct TapConvArgs {
  int64_t rows = 1, columns = 0;
  int64_t whole_columns = 0;  ///< of which `columns` are a part, where a row is dealt to several threads
  const float* x = nullptr;
  int64_t x_row = 0, x_column = 0;
  const int64_t* tap_offsets = nullptr;
  int64_t taps = 1, depth = 0;
  const float* weights = nullptr;  ///< gemm_pack's panels of [taps * depth, n]
  int64_t n = 0;
  float* y = nullptr;
  int64_t y_row = 0, y_column = 0;
  Epilogue epilogue;                ///< bias_columns; the residual lies at `residual` as y does at `y`, its strides are y's
  int64_t n_begin = 0, n_end = -1;  ///< the part of n to compute; begin: a multiple of gemm_panel
};

/// Depthwise with channels last: y[row][column][channel], one weight per tap and channel, weights [taps][channels].
struct DepthwiseLastArgs {
  Window window;
  const float* x = nullptr;  ///< one image
  const float* weights = nullptr;
  float* y = nullptr;
  int64_t channels = 0;
  Epilogue epilogue;  ///< bias_columns, activation, residual like y
  int64_t row_begin = 0, row_end = 0;
  int64_t channel_begin = 0, channel_end = 0;
};

/// Depthwise: y[channel] = activation(weights[channel, kernel] * patches of x[channel / multiplier] + bias_rows[channel]).
struct DepthwiseArgs {
  Window window;
  const float* x = nullptr;
  const float* weights = nullptr;
  float* y = nullptr;
  int64_t channels = 0;      ///< of y
  int64_t multiplier = 1;    ///< channels of y for each of x
  Epilogue epilogue;         ///< bias_rows and the activation
  float* scratch = nullptr;  ///< window_scratch(window) floats
  int64_t channel_begin = 0, channel_end = -1;
};

// max passes over NaN: a window of nothing else gives -inf; max_or_nan (channels last alone) gives NaN where there is one.
enum class Pooling : uint8_t { max, average, average_with_padding, max_or_nan };

struct PoolArgs {
  Window window;
  Pooling pooling = Pooling::max;
  const float* x = nullptr;
  float* y = nullptr;
  int64_t planes = 0;        ///< a window as large as its plane: `reduce` is faster
  float* scratch = nullptr;  ///< window_scratch(window) floats
};

/// Pools one image with channels last.
struct PoolLastArgs {
  Window window;
  Pooling pooling = Pooling::max;
  const float* x = nullptr;
  float* y = nullptr;
  int64_t channels = 0;
  int64_t row_begin = 0, row_end = 0;
};

using UnaryKernel = void (*)(const float* x, float* y, int64_t n);
/// Strides are 1, or 0 for a value that repeats. y may be x or z.
using BinaryKernel = void (*)(const float* x, int64_t x_stride, const float* z, int64_t z_stride, float* y, int64_t n);
using ReductionKernel = float (*)(const float* x, int64_t n);

struct CodeConvArgs;
struct DepthwiseCodesArgs;
struct DepthwisePackArgs;
struct CodeBinaryArgs;
struct CodePoolArgs;
struct CodeScale;

struct Kernels {
  const char* isa;
  int64_t gemm_panel, gemm_tile_rows;  ///< columns of a packed panel, rows of a full tile

  /// Fused multiply-adds that nothing slows down: the ceiling to compare with. Returns the operations done (2 per multiply-add).
  double (*fma_burst)(int64_t steps, float* sink);

  int64_t (*gemm_packed_size)(int64_t k, int64_t n);
  /// b row-major [k, n] (or [n, k] when transposed) to panels; only panels that start in [column_begin, column_end).
  void (*gemm_pack)(const float* b, int64_t ldb, bool transposed, int64_t k, int64_t n, float* packed, int64_t column_begin,
                    int64_t column_end);
  int64_t (*gemm_scratch)(int64_t k, int64_t n);
  void (*gemm)(const GemmArgs& args);
  /// target[columns, rows] = source[rows, columns]: for a transposed a.
  void (*transpose)(const float* source, int64_t source_stride, float* target, int64_t target_stride, int64_t rows, int64_t columns);

  int64_t (*integer_packed_size)(int64_t k, int64_t n, int64_t taps);  ///< bytes
  void (*integer_pack)(const IntegerPackArgs& args);
  void (*integer_gemm)(const IntegerGemmArgs& args);
  /// The least and the greatest of x and 0; NaN is passed over.
  void (*range_with_zero)(const float* x, int64_t n, float* low, float* high);
  /// y = saturate(round_to_even(x / scale) + zero_point) as uint8, or int8 when `is_signed`; NaN gives the least.
  void (*quantize)(const float* x, float scale, int32_t zero_point, bool is_signed, void* y, int64_t n);

  /// 8-bit codes with channels last (kernels/codes.h).
  void (*conv_codes)(const CodeConvArgs& args);
  int64_t (*depthwise_codes_size)(int64_t channels, int64_t taps);  ///< bytes
  void (*depthwise_codes_pack)(const DepthwisePackArgs& args);
  void (*depthwise_codes)(const DepthwiseCodesArgs& args);
  int64_t depthwise_codes_slack;  ///< bytes that it may read behind x
  void (*binary_codes)(const CodeBinaryArgs& args);
  void (*pool_codes)(const CodePoolArgs& args);
  void (*dequantize)(const uint8_t* x, const CodeScale& scale, float* y, int64_t n);

  UnaryKernel unary[static_cast<int>(Unary::count_)];
  BinaryKernel binary[static_cast<int>(Binary::count_)];
  /// In place allowed.
  void (*activate)(Activation activation, float alpha, float beta, const float* x, float* y, int64_t n);

  /// For every dtype (kernels/typed.h); null where there is none.
  TypedBinaryKernel (*typed_binary)(TypedBinary op, Element element);
  TypedUnaryKernel (*typed_unary)(TypedUnary op, Element element);
  TypedUnaryKernel (*typed_convert)(Element source, Element target);
  ChooseKernel (*typed_choose)(int64_t element_bytes);
  bool (*has_zero)(int64_t element_bytes, const void* x, int64_t n);  ///< of integers
  /// x / (1 + exp(-alpha x)), computed in double. In place allowed.
  void (*swish)(float alpha, const float* x, float* y, int64_t n);

  ReductionKernel reduce[static_cast<int>(Reduction::count_)];
  void (*softmax)(const SoftmaxArgs& args);
  void (*log_softmax)(const SoftmaxArgs& args);
  void (*layer_norm)(const NormArgs& args);
  void (*rms_norm)(const NormArgs& args);

  int64_t (*attention_scratch)(const AttentionArgs& args);
  void (*attention)(const AttentionArgs& args);

  int64_t (*conv_scratch)(const ConvArgs& args);
  void (*conv)(const ConvArgs& args);
  int64_t (*window_scratch)(const Window& window);
  void (*depthwise)(const DepthwiseArgs& args);
  void (*pool)(const PoolArgs& args);
  void (*conv_taps)(const TapConvArgs& args);
  void (*depthwise_last)(const DepthwiseLastArgs& args);
  void (*pool_last)(const PoolLastArgs& args);
};

/// The best table this CPU can run, or the one the knob NACRE_ISA names; chosen once.
const Kernels& kernels();
/// Every compiled table this CPU can run, best first.
std::span<const Kernels* const> available_kernels();
/// The named table, null when it is not compiled or this CPU cannot run it.
const Kernels* kernels_for(std::string_view isa);

}  // namespace nacre::native
