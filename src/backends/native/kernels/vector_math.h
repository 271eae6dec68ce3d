// Elementary functions on vectors, for values of any size, infinities and NaN; errors in ulp are those tests/kernels measures.
//
//     Vf y = exp(x);          // 1.3 ulp
//     Vf g = gelu_erf(x);     // 3.7 ulp, 3.5 on FMA machines
//
// Coefficients: tools/fit_polynomials.py. Nothing here relies on fused multiply-add for its accuracy.
#pragma once

#include "backends/native/kernels/simd.h"

namespace nacre::NACRE_ISA {

template <int N>
NACRE_INLINE Vf polynomial(Vf x, const float (&coefficients)[N]) {
  Vf y = splat(coefficients[N - 1]);
  for (int i = N - 2; i >= 0; --i) y = y * x + splat(coefficients[i]);
  return y;
}

constexpr float kExpTail[] = {0.49999994f, 0.166665196f, 0.0416684039f, 0.00836889911f, 0.00138142216f};
constexpr float kLogTail[] = {0.333333135f,  -0.250000089f, 0.200021192f,  -0.166679963f, 0.142195523f,
                              -0.124055892f, 0.11888162f,   -0.116756521f, 0.067466408f};
constexpr float kTanhTail[] = {-0.333332688f, 0.133310929f, -0.053709656f, 0.02053882f, -0.00559101673f};
constexpr float kErfTail[] = {0.128379166f, -0.37612626f, 0.112835854f, -0.0268538129f, 0.00518832821f, -0.000801019836f, 7.85387601e-05f};
constexpr float kNormalTail[] = {0.729083717f,   -0.509332001f,   0.230017707f,     -0.0472626872f,  -0.0104625132f, 0.00696931127f,
                                 0.00102475402f, -0.00103257364f, -0.000244730152f, 0.000131330307f, 5.44891554e-05f};
constexpr float kLn2High = 0.693359375f, kLn2Low = -2.12194440e-4f;  // high has 9 bits: its whole multiples are exact

typedef double Vd __attribute__((vector_size(kLanes * 8)));
NACRE_INLINE Vd widen(Vf x) { return __builtin_convertvector(x, Vd); }
NACRE_INLINE Vf narrow(Vd x) { return __builtin_convertvector(x, Vf); }

/// 2^power exp(x + correction) for a correction too small to move x itself.
NACRE_INLINE Vf exp_corrected(Vf x, Vf correction, float power = 0) {
  x = select(x > splat(89), splat(89), x);
  const Vf least = splat(power == 0 ? -104 : -121);  // 2^power exp(least) is zero once 2^-power is multiplied with it
  x = select(x < least, least, x);
  Vf n = round_even(x * splat(1.44269504f));
  Vf r = x - n * splat(kLn2High);
  r = r - n * splat(kLn2Low) + correction;
  return scale_by_power((r * r) * polynomial(r, kExpTail) + r + splat(1), power == 0 ? n : n + splat(power));
}
NACRE_INLINE Vf exp(Vf x) { return exp_corrected(x, Vf{}); }

/// log(1 + f) + n ln 2 for f in [sqrt(1/2) - 1, sqrt(2) - 1].
NACRE_INLINE Vf log_reduced(Vf f, Vf n) {
  Vf square = f * f;
  Vf small = f * square * polynomial(f, kLogTail) + n * splat(kLn2Low) - square * splat(0.5f);
  return f + small + n * splat(kLn2High);
}

NACRE_INLINE Vf log(Vf x) {
  Vi is_denormal = x < splat(1.17549435e-38f);
  Vf scaled = select(is_denormal, x * splat(8388608.0f), x);
  Vi exponent = (bits(scaled) - splat_int(0x3f3504f3)) >> 23;
  Vf f = from_bits(bits(scaled) - (exponent << 23)) - splat(1);
  Vf n = to_float(exponent) - select(is_denormal, splat(23), Vf{});
  Vf y = log_reduced(f, n);
  y = select(x < splat(__builtin_inff()), y, x);  // +inf and NaN stay
  y = select(x < Vf{}, splat(__builtin_nanf("")), y);
  return select(x == Vf{}, splat(-__builtin_inff()), y);
}

/// log(1 + e) for e in [0, 1].
NACRE_INLINE Vf log_one_plus_fraction(Vf e) {
  Vi is_large = e > splat(0.41421354f);
  Vf f = select(is_large, e * splat(0.5f) - splat(0.5f), e);
  return log_reduced(f, select(is_large, splat(1), Vf{}));
}

/// 2^24 exp(-t^2 / 2), whose relative error stays small far out because t^2 is taken in two parts: `head` has 12 bits, head^2 is exact.
NACRE_INLINE Vf bell(Vf t) {
  Vf head = from_bits(bits(t) & splat_int(static_cast<int32_t>(0xfffff000)));
  Vf rest = (t - head) * (t + head);
  return exp_corrected(head * head * splat(-0.5f), rest * splat(-0.5f), 24);
}

/// 2^24 P(N(0,1) > t), which is not flushed to zero where t times it is not, for t >= 0: exp(-t^2 / 2) p(u) / (t + 3), u = (t - 3) / (t +
/// 3).
NACRE_INLINE Vf normal_tail(Vf t) {
  Vf inverse = splat(1) / (t + splat(3));
  return bell(t) * (polynomial((t - splat(3)) * inverse, kNormalTail) * inverse);
}

/// 2^48 t P(N(0,1) > t): u is 2 t / (t + 3) - 1, so that what the quotient is off by moves p the other way. It has 2^24 of the scale.
NACRE_INLINE Vf weighted_normal_tail(Vf t) {
  Vf quotient = t * splat(0x1p24f) / (t + splat(3));
  return bell(t) * (polynomial(quotient * splat(0x1p-23f) - splat(1), kNormalTail) * quotient);
}

NACRE_INLINE Vf erf(Vf x) {
  Vf magnitude = abs(x);
  Vf t = select(magnitude > splat(5), splat(5), magnitude);
  Vf near = t + t * polynomial(t * t, kErfTail);
#if !defined(__FMA__) && !defined(__aarch64__)
  near = select(t < splat(1e-30f), t * splat(1.12837917f), near);  // the small product alone would be flushed to zero
#endif
  Vf far = splat(1) - splat(0x1p-23f) * normal_tail(t * splat(1.41421356f));
  return with_sign_of(select(t < splat(1), near, far), x);
}

NACRE_INLINE Vf tanh(Vf x) {
  Vf magnitude = abs(x);
  Vf t = select(magnitude > splat(10), splat(10), magnitude);
  Vf square = t * t;
  Vf near = t + t * square * polynomial(square, kTanhTail);
  Vf far = splat(1) - splat(2) / (exp(t + t) + splat(1));
  return with_sign_of(select(t < splat(0.625f), near, far), x);
}

NACRE_INLINE Vf sigmoid(Vf x) {
  Vf e = exp(-abs(x));
  return select(x < Vf{}, e, splat(1)) / (splat(1) + e);
}

/// x / (1 + e) for x > 0, x e / (1 + e) below, of e = scaled * 2^-24: exp(-88) would be flushed to zero where 88 exp(-88) is not.
NACRE_INLINE Vf gated(Vf x, Vf scaled) {
  constexpr float kUnscale = 0x1p-24f;
  return select(x < Vf{}, x * scaled * splat(kUnscale), x) / (splat(1) + scaled * splat(kUnscale));
}

/// x * sigmoid(x); the clamp keeps -inf * 0 from becoming NaN.
NACRE_INLINE Vf silu(Vf x) { return gated(select(x < splat(-120), splat(-120), x), exp_corrected(-abs(x), Vf{}, 24)); }

/// x Phi(x) = max(x, 0) - |x| P(N > |x|), which loses no digits on either side.
NACRE_INLINE Vf gelu_erf(Vf x) {
  Vf magnitude = abs(x);
  Vf t = select(magnitude > splat(15), splat(15), magnitude);
  Vf y = select(x > Vf{}, x, Vf{}) - weighted_normal_tail(t) * splat(0x1p-48f);
#if !defined(__FMA__) && !defined(__aarch64__)
  y = select(t < splat(1e-30f), x * splat(0.5f), y);  // the small product alone would be flushed to zero
#endif
  return y;
}

/// x/2 (1 + tanh(u)) = x sigmoid(2u), u = sqrt(2/pi) (x + 0.044715 x^3). An error of u is one of the result's relative size, hence doubles.
NACRE_INLINE Vf gelu_tanh(Vf x) {
  Vf bounded = select(x < splat(-16), splat(-16), x);
  Vd t = widen(abs(select(bounded > splat(16), splat(16), bounded)));
  Vd twice_u = -t * (t * t * 0.071354816272600243 + 1.5957691216057308);
  Vf near = narrow(twice_u);
  return gated(bounded, exp_corrected(near, narrow(twice_u - widen(near)), 24));
}

NACRE_INLINE Vf softplus(Vf x) {
  Vf positive = select(x < Vf{}, Vf{}, x);
  return positive + log_one_plus_fraction(exp(-abs(x)));
}

/// x tanh(softplus(x)) = x n / (n + 2), n = e (e + 2), e = exp(x), which is scaled as in `gated`.
NACRE_INLINE Vf mish(Vf x) {
  Vf bounded = select(x < splat(-120), splat(-120), x);
  Vf scaled = exp_corrected(select(x > splat(20), splat(20), bounded), Vf{}, 24), e = scaled * splat(0x1p-24f);
  Vi is_negative = x < Vf{};
  Vf part = select(is_negative, bounded * scaled * splat(0x1p-24f), e) * (e + splat(2)) / (e * (e + splat(2)) + splat(2));
  return select(is_negative, part, bounded * part);
}

constexpr float kSinTail[] = {-0.166666672f, 0.00833332911f, -0.000198393129f, 2.71812155e-06f};
constexpr float kCosTail[] = {0.0416666456f, -0.00138873165f, 2.44331568e-05f};
constexpr float kTrigonometricLimit = 4096;  // beyond it the three-part pi/2 loses digits

/// sin(x + quarter_turns pi/2) for |x| <= kTrigonometricLimit. pi/2 in three parts; whole multiples of the first two are exact.
NACRE_INLINE Vf sin_turned(Vf x, int quarter_turns) {
  Vf n = round_even(x * splat(0.636619772f));
  Vf r = x - n * splat(1.5703125f);
  r = r - n * splat(4.837512969970703125e-4f);
  r = r - n * splat(7.54978995489188e-8f);
  Vf square = r * r;
  Vf sine = r + r * square * polynomial(square, kSinTail);
  Vf cosine = splat(1) - square * splat(0.5f) + square * square * polynomial(square, kCosTail);
  Vi quadrant = to_int(n) + splat_int(quarter_turns);
  Vf y = select((quadrant & splat_int(1)) != Vi{}, cosine, sine);
  return from_bits(bits(y) ^ ((quadrant & splat_int(2)) << 30));
}

constexpr float kAsinTail[] = {0.166667521f, 0.0749529749f, 0.0454703756f, 0.0241795238f, 0.0421662927f};
constexpr float kAtanTail[] = {-0.333333164f, 0.199984714f, -0.142435327f, 0.105938137f, -0.0607822165f};
constexpr float kHalfPi = 1.57079633f;

/// asin(x) for |x| <= 1/2.
NACRE_INLINE Vf asin_small(Vf x) {
  Vf square = x * x;
  return x + x * square * polynomial(square, kAsinTail);
}

/// asin(t) = pi/2 - 2 asin(sqrt((1 - t) / 2)) for t > 1/2, where 1 - t is exact. Beyond 1 the root is NaN.
NACRE_INLINE Vf asin(Vf x) {
  Vf t = abs(x);
  Vi is_small = t <= splat(0.5f);
  Vf y = asin_small(select(is_small, t, sqrt((splat(1) - t) * splat(0.5f))));
  return with_sign_of(select(is_small, y, splat(kHalfPi) - (y + y)), x);
}

NACRE_INLINE Vf acos(Vf x) {
  Vf t = abs(x);
  Vi is_small = t <= splat(0.5f);
  Vf y = asin_small(select(is_small, x, sqrt((splat(1) - t) * splat(0.5f))));
  return select(is_small, splat(kHalfPi) - y, select(x < Vf{}, splat(2 * kHalfPi) - (y + y), y + y));
}

/// By atan(t) = pi/4 + atan((t - 1) / (t + 1)) between tan(pi/8) and tan(3 pi/8), pi/2 - atan(1 / t) above.
NACRE_INLINE Vf atan(Vf x) {
  Vf t = abs(x);
  Vi is_large = t > splat(2.41421356f), is_middle = t > splat(0.414213562f);
  Vf numerator = select(is_large, splat(-1), select(is_middle, t - splat(1), t));
  Vf denominator = select(is_large, t, select(is_middle, t + splat(1), splat(1)));
  Vf z = numerator / denominator, square = z * z;
  Vf y = z + z * square * polynomial(square, kAtanTail);
  return with_sign_of(y + select(is_large, splat(kHalfPi), select(is_middle, splat(kHalfPi / 2), Vf{})), x);
}

}  // namespace nacre::NACRE_ISA
