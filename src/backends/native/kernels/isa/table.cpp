// The table of this instruction set's kernels.
#include "backends/native/kernels/isa/local.h"

namespace nacre::NACRE_ISA {

extern const native::Kernels kernel_table;
const native::Kernels kernel_table{
    .isa = kIsaName,
    .gemm_panel = kPanel,
    .gemm_tile_rows = kTileRows,
    .fma_burst = fma_burst,
    .gemm_packed_size = gemm_packed_size,
    .gemm_pack = gemm_pack,
    .gemm_scratch = gemm_scratch,
    .gemm = gemm,
    .transpose = transpose,
    .unary = {unary_neg,      unary_abs,       unary_relu,     unary_square, unary_sqrt, unary_rsqrt, unary_reciprocal, unary_floor,
              unary_ceil,     unary_round,     unary_exp,      unary_log,    unary_erf,  unary_tanh,  unary_sigmoid,    unary_silu,
              unary_gelu_erf, unary_gelu_tanh, unary_softplus, unary_mish,   unary_sin,  unary_cos},
    .binary = {binary_add, binary_sub, binary_mul, binary_div, binary_min, binary_max, binary_pow},
    .activate = activate,
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

}  // namespace nacre::NACRE_ISA
