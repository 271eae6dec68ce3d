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
void gemm_pack(const float* b, int64_t ldb, bool transposed, int64_t k, int64_t n, float* packed, int64_t column_begin,
               int64_t column_end);
int64_t gemm_scratch(int64_t k);
void gemm(const GemmArgs& args);
void transpose(const float* source, int64_t source_stride, float* target, int64_t target_stride, int64_t rows, int64_t columns);

void activate(Activation activation, float alpha, float beta, const float* x, float* y, int64_t n);
/// The activation and the late residual on c[rows, columns]; `residual` is the block's corner or null.
void activate_block(const Epilogue& epilogue, const float* residual, float* c, int64_t ldc, int64_t rows, int64_t columns);

}  // namespace nacre::NACRE_ISA
