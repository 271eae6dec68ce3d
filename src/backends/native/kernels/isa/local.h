// What the files of one instruction set share among themselves; kernels.h says what each kernel does.
//
//     activate_block(epilogue, c, ldc, rows, columns);   // in place, on a block still warm in the cache
#pragma once

#include "backends/native/kernels/kernels.h"
#include "backends/native/kernels/simd.h"

namespace nacre::NACRE_ISA {

using native::Activation;
using native::Epilogue;
using native::GemmArgs;
using native::MatrixLayout;

#if NACRE_ISA_avx512
constexpr int kTileRows = 14;  // 28 accumulators, 2 of b, 1 of a: 31 of 32 registers
#elif NACRE_ISA_neon
constexpr int kTileRows = 12;
#else
constexpr int kTileRows = 6;  // 12 + 2 + 1 of 16
#endif
constexpr int kPanel = 2 * kLanes;

double fma_burst(int64_t steps, float* sink);

int64_t gemm_packed_size(int64_t k, int64_t n);
void gemm_pack(const float* b, int64_t ldb, bool transposed, int64_t k, int64_t n, float* packed, int64_t column_begin, int64_t column_end);
int64_t gemm_scratch(int64_t k, int64_t n);
/// Depth in equal blocks of at most 512; as many columns as keep a block of b within 256 KiB.
struct GemmBlocking {
  int64_t depth, columns;
};
GemmBlocking gemm_blocking(int64_t k);
void gemm(const GemmArgs& args);
void transpose(const float* source, int64_t source_stride, float* target, int64_t target_stride, int64_t rows, int64_t columns);

/// Sum of `count` bytes, modulo 2^32.
int32_t sum_of_bytes(const uint8_t* bytes, int64_t count, bool is_signed);
struct IntegerTile;
/// The register tiles of an integer product, with or without an instruction for sums of four bytes' products.
struct IntegerTiles {
  void (*run)(int64_t rows, bool a_signed, const IntegerTile& tile);
  int64_t most_rows;
};
int64_t integer_packed_size(int64_t k, int64_t n, int64_t taps);
void integer_pack(const native::IntegerPackArgs& args);
void integer_gemm_with(const native::IntegerGemmArgs& args, const IntegerTiles& tiles);
void integer_gemm(const native::IntegerGemmArgs& args);
/// The sums of a tile, [rows][kPanel], through the epilogue to rows of c. `sums` is used up.
struct IntegerBlock {
  int64_t row, rows, column, columns;
  int64_t depth;               // what was summed over: taps and all
  const int32_t* column_sums;  // of the panel as it was packed
  const int32_t* row_sums;     // of a; only read where b has zero points
  int32_t* sums;
};
void integer_finish(const native::IntegerGemmArgs& args, const IntegerBlock& block);
/// `finish` of a convolution with c and the residual from element `at` on, positions `y_column` apart.
native::IntegerGemmArgs finish_at(const native::IntegerGemmArgs& finish, int64_t y_column, int64_t at);
/// b's zero points as its packed form has them.
int32_t integer_zero_shift(bool a_signed, bool b_signed);
void integer_gemm_dots(const native::IntegerGemmArgs& args);
void integer_gemm_matrices(const native::IntegerGemmArgs& args);
void conv_codes_with(const native::CodeConvArgs& args, const IntegerTiles& tiles);
void conv_codes(const native::CodeConvArgs& args);
int64_t depthwise_codes_size(int64_t channels, int64_t taps);
void depthwise_codes_pack(const native::DepthwisePackArgs& args);
void depthwise_codes(const native::DepthwiseCodesArgs& args);
// Where the instruction set has such variants (table.cpp).
void conv_codes_dots(const native::CodeConvArgs& args);
void depthwise_codes_dots(const native::DepthwiseCodesArgs& args);
void conv_codes_matrices(const native::CodeConvArgs& args);
void depthwise_codes_matrices(const native::DepthwiseCodesArgs& args);
void binary_codes(const native::CodeBinaryArgs& args);
void pool_codes(const native::CodePoolArgs& args);
void dequantize(const uint8_t* x, const native::CodeScale& scale, float* y, int64_t n);
void range_with_zero(const float* x, int64_t n, float* low, float* high);
void quantize(const float* x, float scale, int32_t zero_point, bool is_signed, void* y, int64_t n);

void activate(Activation activation, float alpha, float beta, const float* x, float* y, int64_t n);
/// The activation and the late residual on c[rows, columns]; `residual` is the block's corner or null.
void activate_block(const Epilogue& epilogue, const float* residual, float* c, int64_t ldc, int64_t rows, int64_t columns);

void unary_neg(const float* x, float* y, int64_t n);
void unary_abs(const float* x, float* y, int64_t n);
void unary_relu(const float* x, float* y, int64_t n);
void unary_square(const float* x, float* y, int64_t n);
void unary_sqrt(const float* x, float* y, int64_t n);
void unary_rsqrt(const float* x, float* y, int64_t n);
void unary_reciprocal(const float* x, float* y, int64_t n);
void unary_floor(const float* x, float* y, int64_t n);
void unary_ceil(const float* x, float* y, int64_t n);
void unary_round(const float* x, float* y, int64_t n);
void unary_exp(const float* x, float* y, int64_t n);
void unary_log(const float* x, float* y, int64_t n);
void unary_erf(const float* x, float* y, int64_t n);
void unary_tanh(const float* x, float* y, int64_t n);
void unary_sigmoid(const float* x, float* y, int64_t n);
void unary_silu(const float* x, float* y, int64_t n);
void unary_gelu_erf(const float* x, float* y, int64_t n);
void unary_gelu_tanh(const float* x, float* y, int64_t n);
void unary_softplus(const float* x, float* y, int64_t n);
void unary_mish(const float* x, float* y, int64_t n);
void unary_sin(const float* x, float* y, int64_t n);
void unary_cos(const float* x, float* y, int64_t n);
void unary_asin(const float* x, float* y, int64_t n);
void unary_acos(const float* x, float* y, int64_t n);
void unary_atan(const float* x, float* y, int64_t n);
void binary_add(const float* x, int64_t x_stride, const float* z, int64_t z_stride, float* y, int64_t n);
void binary_sub(const float* x, int64_t x_stride, const float* z, int64_t z_stride, float* y, int64_t n);
void binary_mul(const float* x, int64_t x_stride, const float* z, int64_t z_stride, float* y, int64_t n);
void binary_div(const float* x, int64_t x_stride, const float* z, int64_t z_stride, float* y, int64_t n);
void binary_min(const float* x, int64_t x_stride, const float* z, int64_t z_stride, float* y, int64_t n);
void binary_max(const float* x, int64_t x_stride, const float* z, int64_t z_stride, float* y, int64_t n);
void binary_pow(const float* x, int64_t x_stride, const float* z, int64_t z_stride, float* y, int64_t n);

native::TypedBinaryKernel typed_binary(native::TypedBinary op, native::Element element);
native::TypedUnaryKernel typed_unary(native::TypedUnary op, native::Element element);
native::TypedUnaryKernel typed_convert(native::Element source, native::Element target);
native::ChooseKernel typed_choose(int64_t bytes);
bool has_zero(int64_t bytes, const void* x, int64_t n);
void swish(float alpha, const float* x, float* y, int64_t n);

float row_sum(const float* x, int64_t n);
float row_mean(const float* x, int64_t n);
float row_max(const float* x, int64_t n);
float row_min(const float* x, int64_t n);
float row_sum_square(const float* x, int64_t n);
void softmax(const native::SoftmaxArgs& args);
void log_softmax(const native::SoftmaxArgs& args);
void layer_norm(const native::NormArgs& args);
void rms_norm(const native::NormArgs& args);

int64_t attention_scratch(const native::AttentionArgs& args);
void attention(const native::AttentionArgs& args);

int64_t conv_scratch(const native::ConvArgs& args);
void conv(const native::ConvArgs& args);
int64_t window_scratch(const native::Window& window);
void depthwise(const native::DepthwiseArgs& args);
void pool(const native::PoolArgs& args);
void conv_taps(const native::TapConvArgs& args);
void depthwise_last(const native::DepthwiseLastArgs& args);
void pool_last(const native::PoolLastArgs& args);

}  // namespace nacre::NACRE_ISA
