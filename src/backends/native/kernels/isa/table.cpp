// The table of this instruction set's kernels.
#include "backends/native/kernels/isa/local.h"

namespace nacre::NACRE_ISA {

namespace {

/// What is compiled with and without sums of four bytes' products.
struct IntegerProducts {
  void (*gemm)(const native::IntegerGemmArgs&);
  void (*conv_codes)(const native::CodeConvArgs&);
  void (*depthwise_codes)(const native::DepthwiseCodesArgs&);
};

constexpr native::Kernels make_table(const char* isa, const IntegerProducts& products) {
  return {
      .isa = isa,
      .gemm_panel = kPanel,
      .gemm_tile_rows = kTileRows,
      .fma_burst = fma_burst,
      .gemm_packed_size = gemm_packed_size,
      .gemm_pack = gemm_pack,
      .gemm_scratch = gemm_scratch,
      .gemm = gemm,
      .transpose = transpose,
      .integer_packed_size = integer_packed_size,
      .integer_pack = integer_pack,
      .integer_gemm = products.gemm,
      .range_with_zero = range_with_zero,
      .quantize = quantize,
      .conv_codes = products.conv_codes,
      .depthwise_codes_size = depthwise_codes_size,
      .depthwise_codes_pack = depthwise_codes_pack,
      .depthwise_codes = products.depthwise_codes,
      .depthwise_codes_slack = 4 * kLanes,
      .binary_codes = binary_codes,
      .pool_codes = pool_codes,
      .dequantize = dequantize,
      .unary = {unary_neg,     unary_abs,  unary_relu,     unary_square,    unary_sqrt,     unary_rsqrt, unary_reciprocal,
                unary_floor,   unary_ceil, unary_round,    unary_exp,       unary_log,      unary_erf,   unary_tanh,
                unary_sigmoid, unary_silu, unary_gelu_erf, unary_gelu_tanh, unary_softplus, unary_mish,  unary_sin,
                unary_cos,     unary_asin, unary_acos,     unary_atan},
      .binary = {binary_add, binary_sub, binary_mul, binary_div, binary_min, binary_max, binary_pow},
      .activate = activate,
      .typed_binary = typed_binary,
      .typed_unary = typed_unary,
      .typed_convert = typed_convert,
      .typed_choose = typed_choose,
      .has_zero = has_zero,
      .swish = swish,
      .reduce = {row_sum, row_mean, row_max, row_min, row_sum_square},
      .softmax = softmax,
      .log_softmax = log_softmax,
      .layer_norm = layer_norm,
      .rms_norm = rms_norm,
      .attention_scratch = attention_scratch,
      .attention = attention,
      .conv_scratch = conv_scratch,
      .conv = conv,
      .window_scratch = window_scratch,
      .depthwise = depthwise,
      .pool = pool,
      .conv_taps = conv_taps,
      .depthwise_last = depthwise_last,
      .pool_last = pool_last,
  };
}

}  // namespace

extern const native::Kernels kernel_table;
const native::Kernels kernel_table = make_table(kIsaName, {integer_gemm, conv_codes, depthwise_codes});

// The same for CPUs with instructions that sum four bytes' products, or multiply matrices of bytes; best first.
extern const native::Kernels* const kernel_variants[2];
#if NACRE_ISA_avx2 || NACRE_ISA_avx512
namespace {
constexpr native::Kernels with_dots =
    make_table(kLanes == 16 ? "avx512_vnni" : "avx2_vnni", {integer_gemm_dots, conv_codes_dots, depthwise_codes_dots});
}
const native::Kernels* const kernel_variants[2] = {&with_dots, nullptr};
#elif NACRE_ISA_neon
namespace {
constexpr native::Kernels with_dots = make_table("neon_dotprod", {integer_gemm_dots, conv_codes_dots, depthwise_codes});
constexpr native::Kernels with_matrices = make_table("neon_i8mm", {integer_gemm_matrices, conv_codes_matrices, depthwise_codes_matrices});
}  // namespace
const native::Kernels* const kernel_variants[2] = {&with_matrices, &with_dots};
#else
const native::Kernels* const kernel_variants[2] = {nullptr, nullptr};
#endif

}  // namespace nacre::NACRE_ISA
