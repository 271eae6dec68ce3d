// One-input functions over arrays. In place allowed; the tail is one masked vector.
#include "backends/native/kernels/isa/local.h"
#include "backends/native/kernels/vector_math.h"

namespace nacre::NACRE_ISA {
namespace {

template <Vf (*Function)(Vf)>
NACRE_INLINE void map(const float* x, float* y, int64_t n) {
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store(y + i, Function(load(x + i)));
  if (i < n) store_first(y + i, Function(load_first(x + i, n - i)), n - i);
}

NACRE_INLINE Vf relu(Vf x) { return select(x < Vf{}, Vf{}, x); }
NACRE_INLINE Vf negated(Vf x) { return -x; }
NACRE_INLINE Vf squared(Vf x) { return x * x; }
NACRE_INLINE Vf reciprocal(Vf x) { return splat(1) / x; }
NACRE_INLINE Vf reciprocal_sqrt(Vf x) { return splat(1) / sqrt(x); }

/// The C library for vectors that hold an angle too large for ours.
NACRE_INLINE Vf sin_or_cos(Vf x, int quarter_turns) {
  if (!any(abs(x) > splat(kTrigonometricLimit))) return sin_turned(x, quarter_turns);
  for (int lane = 0; lane < kLanes; ++lane) x[lane] = quarter_turns ? __builtin_cosf(x[lane]) : __builtin_sinf(x[lane]);
  return x;
}
NACRE_INLINE Vf sin(Vf x) { return sin_or_cos(x, 0); }
NACRE_INLINE Vf cos(Vf x) { return sin_or_cos(x, 1); }

}  // namespace

void unary_neg(const float* x, float* y, int64_t n) { map<negated>(x, y, n); }
void unary_abs(const float* x, float* y, int64_t n) { map<abs>(x, y, n); }
void unary_relu(const float* x, float* y, int64_t n) { map<relu>(x, y, n); }
void unary_square(const float* x, float* y, int64_t n) { map<squared>(x, y, n); }
void unary_sqrt(const float* x, float* y, int64_t n) { map<sqrt>(x, y, n); }
void unary_rsqrt(const float* x, float* y, int64_t n) { map<reciprocal_sqrt>(x, y, n); }
void unary_reciprocal(const float* x, float* y, int64_t n) { map<reciprocal>(x, y, n); }
void unary_floor(const float* x, float* y, int64_t n) { map<floor>(x, y, n); }
void unary_ceil(const float* x, float* y, int64_t n) { map<ceil>(x, y, n); }
void unary_round(const float* x, float* y, int64_t n) { map<round_even>(x, y, n); }
void unary_exp(const float* x, float* y, int64_t n) { map<exp>(x, y, n); }
void unary_log(const float* x, float* y, int64_t n) { map<log>(x, y, n); }
void unary_erf(const float* x, float* y, int64_t n) { map<erf>(x, y, n); }
void unary_tanh(const float* x, float* y, int64_t n) { map<tanh>(x, y, n); }
void unary_sigmoid(const float* x, float* y, int64_t n) { map<sigmoid>(x, y, n); }
void unary_silu(const float* x, float* y, int64_t n) { map<silu>(x, y, n); }
void unary_gelu_erf(const float* x, float* y, int64_t n) { map<gelu_erf>(x, y, n); }
void unary_gelu_tanh(const float* x, float* y, int64_t n) { map<gelu_tanh>(x, y, n); }
void unary_softplus(const float* x, float* y, int64_t n) { map<softplus>(x, y, n); }
void unary_mish(const float* x, float* y, int64_t n) { map<mish>(x, y, n); }
void unary_sin(const float* x, float* y, int64_t n) { map<sin>(x, y, n); }
void unary_cos(const float* x, float* y, int64_t n) { map<cos>(x, y, n); }
void unary_asin(const float* x, float* y, int64_t n) { map<asin>(x, y, n); }
void unary_acos(const float* x, float* y, int64_t n) { map<acos>(x, y, n); }
void unary_atan(const float* x, float* y, int64_t n) { map<atan>(x, y, n); }

}  // namespace nacre::NACRE_ISA
