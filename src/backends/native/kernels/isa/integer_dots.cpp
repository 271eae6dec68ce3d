// The tiles of integer products for CPUs with an instruction that sums four bytes' products in each 32-bit lane.
#include "backends/native/kernels/simd.h"

#if NACRE_ISA_avx512 || NACRE_ISA_avx2 || NACRE_ISA_neon
#include "backends/native/kernels/codes.h"
#include "backends/native/kernels/isa/code_vectors.h"

// Only what follows may use it: the rest of this instruction set's table serves CPUs without.
#if !defined(__clang__)
#pragma GCC push_options
#endif
#if defined(__clang__) && NACRE_ISA_avx512
#pragma clang attribute push(__attribute__((target("avx512vnni"))), apply_to = function)
#elif defined(__clang__) && NACRE_ISA_avx2
#pragma clang attribute push(__attribute__((target("avxvnni"))), apply_to = function)
#elif defined(__clang__)
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
#elif NACRE_ISA_avx512
#pragma GCC target("avx512vnni")
#elif NACRE_ISA_avx2
#pragma GCC target("avxvnni")
#else
#pragma GCC target("+dotprod")
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
#if !NACRE_ISA_neon  // its sides are alike: depthwise stays with 16-bit products
void depthwise_codes_dots(const native::DepthwiseCodesArgs& args) { run_depthwise_codes(args); }
#endif
void conv_codes_dots(const native::CodeConvArgs& args) { conv_codes_with(args, {run_integer_tile, kIntegerRows}); }

}  // namespace nacre::NACRE_ISA
#else
namespace nacre::NACRE_ISA {

extern const bool has_byte_dots;
const bool has_byte_dots = false;

}  // namespace nacre::NACRE_ISA
#endif
