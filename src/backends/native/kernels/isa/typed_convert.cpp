// Cast between plain dtypes, by the rules of core/convert.h: fractions are cut, what is out of an integer's range is its
// smallest, integers keep their low bits.
#include "backends/native/kernels/isa/typed.h"

namespace nacre::NACRE_ISA {
namespace {

using native::TypedUnaryKernel;

/// A byte that is not 0 is true.
enum Truth : uint8_t {};

template <class I, class F>
NACRE_INLINE I cut(F x) {
  constexpr I least = I(1) << (8 * sizeof(I) - 1);
  constexpr F lowest = F(least);
  const bool fits = (x >= lowest) & (x < -lowest);
  const I whole = I(fits ? x : F(0));
  return fits ? whole : least;
}
/// From 2^63 on by what is above it.
template <class F>
NACRE_INLINE uint64_t cut_unsigned(F x) {
  constexpr F half = 9223372036854775808.0;
  const bool is_large = (x >= half) & (x < half * 2);
  return uint64_t(cut<int64_t>(is_large ? x - half : x)) + (uint64_t(is_large) << 63);
}

/// By bits: a run may take denormal numbers for 0.
NACRE_INLINE uint8_t is_nonzero(float x) { return __builtin_bit_cast(uint32_t, x) << 1 != 0; }
NACRE_INLINE uint8_t is_nonzero(double x) { return __builtin_bit_cast(uint64_t, x) << 1 != 0; }
template <class T>
NACRE_INLINE uint8_t is_nonzero(T x) {
  return x != 0;
}

template <class From, class To>
NACRE_INLINE To as(From x) {
  if constexpr (__is_same(From, Truth))
    return To(x != 0);
  else if constexpr (!kIsFloat<From> || kIsFloat<To>)
    return To(x);
  else if constexpr (__is_same(To, uint64_t))
    return cut_unsigned(x);
  else if constexpr (sizeof(To) == 8 || __is_same(To, uint32_t))
    return To(cut<int64_t>(x));
  else
    return To(cut<int32_t>(x));
}

template <class From>
TypedUnaryKernel from(Element to) {
  switch (to) {
    case Element::float32: return map_typed<From, float, as<From, float>>;
    case Element::float64: return map_typed<From, double, as<From, double>>;
    case Element::int8: return map_typed<From, int8_t, as<From, int8_t>>;
    case Element::int16: return map_typed<From, int16_t, as<From, int16_t>>;
    case Element::int32: return map_typed<From, int32_t, as<From, int32_t>>;
    case Element::int64: return map_typed<From, int64_t, as<From, int64_t>>;
    case Element::uint8: return map_typed<From, uint8_t, as<From, uint8_t>>;
    case Element::uint16: return map_typed<From, uint16_t, as<From, uint16_t>>;
    case Element::uint32: return map_typed<From, uint32_t, as<From, uint32_t>>;
    case Element::uint64: return map_typed<From, uint64_t, as<From, uint64_t>>;
    case Element::boolean: return map_typed<From, uint8_t, is_nonzero>;
    default: return nullptr;
  }
}

#if NACRE_ISA_avx2 || NACRE_ISA_avx512
void half_to_float(const void* x, void* y, int64_t n) {
  const uint16_t* in = static_cast<const uint16_t*>(x);
  float* out = static_cast<float*>(y);
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) _mm256_storeu_ps(out + i, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(in + i))));
  for (; i < n; ++i) out[i] = _cvtsh_ss(in[i]);
}

void float_to_half(const void* x, void* y, int64_t n) {
  const float* in = static_cast<const float*>(x);
  uint16_t* out = static_cast<uint16_t*>(y);
  int64_t i = 0;
  for (; i + 8 <= n; i += 8)
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i), _mm256_cvtps_ph(_mm256_loadu_ps(in + i), _MM_FROUND_TO_NEAREST_INT));
  for (; i < n; ++i) out[i] = _cvtss_sh(in[i], _MM_FROUND_TO_NEAREST_INT);
}
#endif

}  // namespace

TypedUnaryKernel typed_convert(Element source, Element target) {
#if NACRE_ISA_avx2 || NACRE_ISA_avx512
  if (source == Element::float16 && target == Element::float32) return half_to_float;
  if (source == Element::float32 && target == Element::float16) return float_to_half;
#endif
  switch (source) {
    case Element::float32: return from<float>(target);
    case Element::float64: return from<double>(target);
    case Element::int8: return from<int8_t>(target);
    case Element::int16: return from<int16_t>(target);
    case Element::int32: return from<int32_t>(target);
    case Element::int64: return from<int64_t>(target);
    case Element::uint8: return from<uint8_t>(target);
    case Element::uint16: return from<uint16_t>(target);
    case Element::uint32: return from<uint32_t>(target);
    case Element::uint64: return from<uint64_t>(target);
    case Element::boolean: return from<Truth>(target);
    default: return nullptr;
  }
}

}  // namespace nacre::NACRE_ISA
