// One-input functions on every plain dtype. Those of doubles are right to 2 ulp.
#include "backends/native/kernels/isa/typed.h"

namespace nacre::NACRE_ISA {
namespace {

using native::TypedUnary;
using native::TypedUnaryKernel;

template <class T>
NACRE_INLINE T negated(T x) {
  if constexpr (kIsFloat<T>) return -x;
  typedef typename Wrapping<sizeof(T)>::Type U;
  return T(U(0) - U(x));
}
template <class T>
NACRE_INLINE T magnitude(T x) {
  if constexpr (kIsFloat<T>) return __builtin_fabs(x);
  return x < T(0) ? negated(x) : x;
}
template <class T>
NACRE_INLINE T sign(T x) {
  const T positive = x > T(0) ? T(1) : T(0);
  if constexpr (kIsSigned<T>)
    return x < T(0) ? T(-1) : x != x ? x : positive;
  else
    return positive;
}
template <class T>
NACRE_INLINE T relu(T x) {
  return x < T(0) ? T(0) : x;
}

NACRE_INLINE double square_root(double x) { return __builtin_sqrt(x); }
NACRE_INLINE double reciprocal(double x) { return 1 / x; }

constexpr double kWholeFrom = 4503599627370496.0;  // 2^52: numbers from here on are whole
NACRE_INLINE double round_even(double x) {
  const double size = __builtin_fabs(x), whole = (size + kWholeFrom) - kWholeFrom;
  return __builtin_copysign(size < kWholeFrom ? whole : size, x);
}
NACRE_INLINE double round_down(double x) {
  const double near = round_even(x);
  return __builtin_copysign(near > x ? near - 1 : near, x);
}
NACRE_INLINE double round_up(double x) {
  const double near = round_even(x);
  return __builtin_copysign(near < x ? near + 1 : near, x);
}

/// e^r - 1 for |r| <= ln(2) / 2: its series, whose first term left out is below 2^-56 of the result.
NACRE_INLINE double less_one(double r) {
  constexpr double series[] = {1.0 / 2,     1.0 / 6,      1.0 / 24,      1.0 / 120,      1.0 / 720,       1.0 / 5040,
                               1.0 / 40320, 1.0 / 362880, 1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800};
  double y = series[11];
  for (int i = 10; i >= 0; --i) y = y * r + series[i];
  return y * (r * r) + r;
}

constexpr double kShift = 6755399441055744.0;  // 1.5 * 2^52: what is added to it is rounded to a whole number, in its low bits
/// 2^n of n + kShift.
NACRE_INLINE double power_of_two(double shifted) {
  return __builtin_bit_cast(double, (__builtin_bit_cast(uint64_t, shifted) + 1023) << 52);
}

struct Reduced {
  double n, r;
};
/// x = n ln 2 + r. ln 2 in two parts; the first has 32 bits, so that its multiples are exact.
NACRE_INLINE Reduced reduce(double x) {
  const double n = (x * 1.4426950408889634 + kShift) - kShift;
  return {n, (x - n * 0.693147180369123816) - n * 1.90821492927058770e-10};
}

/// In two steps of scaling, as 2^n may be too large or too small for one.
NACRE_INLINE double exponential(double x) {
  x = x > 710 ? 710 : x;
  x = x < -746 ? -746 : x;
  const auto [n, r] = reduce(x);
  const double half = n * 0.5 + kShift;
  return (less_one(r) + 1) * power_of_two(half) * power_of_two(n - (half - kShift) + kShift);
}

/// tanh(x) = t / (t + 2), t = e^2x - 1, which is right to the last bits for small x too.
NACRE_INLINE double hyperbolic_tangent(double x) {
  double size = __builtin_fabs(x);
  size = size > 22 ? 22 : size;  // 1 from there on
  const auto [n, r] = reduce(size + size);
  const double power = power_of_two(n + kShift), t = power * less_one(r) + (power - 1);
  return __builtin_copysign(t / (t + 2), x);
}

void swish_loop(double alpha, const float* __restrict x, float* __restrict y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const double at = x[i], z = alpha * at, small = exponential(-__builtin_fabs(z));  // never infinite
    y[i] = float((z < 0 ? at * small : at) / (1 + small));
  }
}

TypedUnaryKernel of_doubles(TypedUnary op) {
  switch (op) {
    case TypedUnary::sqrt: return map_typed<double, double, square_root>;
    case TypedUnary::reciprocal: return map_typed<double, double, reciprocal>;
    case TypedUnary::floor: return map_typed<double, double, round_down>;
    case TypedUnary::ceil: return map_typed<double, double, round_up>;
    case TypedUnary::round: return map_typed<double, double, round_even>;
    case TypedUnary::exp: return map_typed<double, double, exponential>;
    case TypedUnary::tanh: return map_typed<double, double, hyperbolic_tangent>;
    default: return nullptr;
  }
}

template <class T>
TypedUnaryKernel of_signed(TypedUnary op) {
  switch (op) {
    case TypedUnary::neg: return map_typed<T, T, negated<T>>;
    case TypedUnary::abs: return map_typed<T, T, magnitude<T>>;
    case TypedUnary::sign: return map_typed<T, T, sign<T>>;
    case TypedUnary::relu: return map_typed<T, T, relu<T>>;
    default: return nullptr;
  }
}

template <class T>
TypedUnaryKernel of_unsigned(TypedUnary op) {
  return op == TypedUnary::sign ? map_typed<T, T, sign<T>> : nullptr;
}

}  // namespace

void swish(float alpha, const float* x, float* y, int64_t n) { swish_loop(alpha, x, y, n); }

TypedUnaryKernel typed_unary(TypedUnary op, Element element) {
  switch (element) {
    case Element::float64: {
      const TypedUnaryKernel kernel = of_doubles(op);
      return kernel ? kernel : of_signed<double>(op);
    }
    case Element::int8: return of_signed<int8_t>(op);
    case Element::int16: return of_signed<int16_t>(op);
    case Element::int32: return of_signed<int32_t>(op);
    case Element::int64: return of_signed<int64_t>(op);
    case Element::uint8: return of_unsigned<uint8_t>(op);
    case Element::uint16: return of_unsigned<uint16_t>(op);
    case Element::uint32: return of_unsigned<uint32_t>(op);
    case Element::uint64: return of_unsigned<uint64_t>(op);
    default: return nullptr;
  }
}

}  // namespace nacre::NACRE_ISA
