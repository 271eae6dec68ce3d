// The tiles of integer products for CPUs with an instruction that sums four bytes' products in each 32-bit lane.
#if NACRE_ISA_avx512
#define NACRE_DOTS_FEATURE "avx512vnni"
#elif NACRE_ISA_avx2
#define NACRE_DOTS_FEATURE "avxvnni"
#endif

#ifdef NACRE_DOTS_FEATURE
#include "backends/native/kernels/codes.h"
#include "backends/native/kernels/isa/code_vectors.h"

// Only what follows may use it: the rest of this instruction set's table serves CPUs without.
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target(NACRE_DOTS_FEATURE))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target(NACRE_DOTS_FEATURE)
#endif
#define NACRE_BYTE_DOTS 1
#include "backends/native/kernels/isa/depthwise_codes.h"
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

namespace nacre::NACRE_ISA {

void integer_gemm_dots(const native::IntegerGemmArgs& args) { integer_gemm_with(args, {run_integer_tile, kIntegerRows}); }
void depthwise_codes_dots(const native::DepthwiseCodesArgs& args) { run_depthwise_codes(args); }
void conv_codes_dots(const native::CodeConvArgs& args) { conv_codes_with(args, {run_integer_tile, kIntegerRows}); }

}  // namespace nacre::NACRE_ISA
#else
#include "backends/native/kernels/simd.h"

namespace nacre::NACRE_ISA {

extern const bool has_byte_dots;
const bool has_byte_dots = false;

}  // namespace nacre::NACRE_ISA
#endif
