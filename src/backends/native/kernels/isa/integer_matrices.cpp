// The tiles of integer products for CPUs that multiply small matrices of bytes (FEAT_I8MM: usmmla, and usdot for depthwise sums).
#include "backends/native/kernels/simd.h"

#if NACRE_ISA_neon
#include "backends/native/kernels/codes.h"
#include "backends/native/kernels/isa/code_vectors.h"

// Only what follows may use it: the rest of this instruction set's table serves CPUs without.
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("i8mm"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("+i8mm")
#endif
#define NACRE_BYTE_DOTS 2
#include "backends/native/kernels/isa/depthwise_codes.h"
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

namespace nacre::NACRE_ISA {

void integer_gemm_matrices(const native::IntegerGemmArgs& args) { integer_gemm_with(args, {run_integer_tile, kIntegerRows}); }
void depthwise_codes_matrices(const native::DepthwiseCodesArgs& args) { run_depthwise_codes(args); }
void conv_codes_matrices(const native::CodeConvArgs& args) { conv_codes_with(args, {run_integer_tile, kIntegerRows}); }

}  // namespace nacre::NACRE_ISA
#else
namespace nacre::NACRE_ISA {

extern const bool has_byte_matrices;
const bool has_byte_matrices = false;

}  // namespace nacre::NACRE_ISA
#endif
