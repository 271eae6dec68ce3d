// Vectors of 8-bit codes as int32 lanes: how they are read, rounded to and written.
//
//     Vf x = to_float(load_codes(p, lanes, is_signed));
//     store_bytes(q, nearest_codes(x * splat(unit), code_range(zero, is_signed)), lanes);
#pragma once

#include "backends/native/kernels/isa/local.h"

namespace nacre::NACRE_ISA {

NACRE_INLINE Vi load_ints(const int32_t* p, int64_t lanes) {
#if NACRE_ISA_avx2 || NACRE_ISA_avx512
  return bits(load_lanes(reinterpret_cast<const float*>(p), lanes));
#else
  Vi v{};
  for (int64_t lane = 0; lane < lanes; ++lane) v[lane] = p[lane];
  return v;
#endif
}

NACRE_INLINE void store_ints(int32_t* p, Vi v, int64_t lanes) {
#if NACRE_ISA_avx2 || NACRE_ISA_avx512
  store_lanes(reinterpret_cast<float*>(p), from_bits(v), lanes);
#else
  for (int64_t lane = 0; lane < lanes; ++lane) p[lane] = v[lane];
#endif
}

/// kLanes codes, or the first `lanes` of them, widened.
NACRE_INLINE Vi load_codes(const uint8_t* p, int64_t lanes, bool is_signed) {
#if NACRE_ISA_avx512
  const __m128i bytes = _mm_maskz_loadu_epi8(lanes_below(lanes), p);
  return is_signed ? (Vi)_mm512_cvtepi8_epi32(bytes) : (Vi)_mm512_cvtepu8_epi32(bytes);
#else
  typedef uint8_t Bytes __attribute__((vector_size(kLanes)));
  typedef int8_t SignedBytes __attribute__((vector_size(kLanes)));
  Bytes bytes{};
  if (lanes == kLanes)
    __builtin_memcpy(&bytes, p, sizeof bytes);
  else
    for (int64_t lane = 0; lane < lanes; ++lane) bytes[lane] = p[lane];
  return is_signed ? __builtin_convertvector((SignedBytes)bytes, Vi) : __builtin_convertvector(bytes, Vi);
#endif
}

/// The low byte of every lane.
NACRE_INLINE void store_bytes(uint8_t* p, Vi v, int64_t lanes) {
#if NACRE_ISA_avx512
  _mm512_mask_cvtepi32_storeu_epi8(p, lanes_below(lanes), (__m512i)v);
#else
  typedef uint8_t Bytes __attribute__((vector_size(kLanes)));
  Bytes bytes = __builtin_convertvector(v & splat_int(255), Bytes);
  if (lanes == kLanes)
    __builtin_memcpy(p, &bytes, sizeof bytes);
  else
    for (int64_t lane = 0; lane < lanes; ++lane) p[lane] = bytes[lane];
#endif
}

/// The codes as differences to their zero point.
struct CodeRange {
  Vf least, most;
  Vi zero;
};
NACRE_INLINE CodeRange code_range(int32_t zero, bool is_signed) {
  const float least = static_cast<float>((is_signed ? -128 : 0) - zero);
  return {splat(least), splat(least + 255), splat_int(zero)};
}
/// To the nearest, halves to even; NaN gives the least.
NACRE_INLINE Vi nearest_codes(Vf x, const CodeRange& range) {
  x = min(max(x, range.least), range.most);
#if NACRE_ISA_avx512
  return (Vi)_mm512_cvtps_epi32((__m512)x) + range.zero;
#elif NACRE_ISA_avx2
  return (Vi)_mm256_cvtps_epi32((__m256)x) + range.zero;
#elif defined(__SSE2__)
  return (Vi)_mm_cvtps_epi32((__m128)x) + range.zero;
#else
  return to_int(round_even(x)) + range.zero;
#endif
}

/// What two operands, in units of the sum, add up to: each product rounds by itself, so that the order and the instruction set
/// do not matter.
NACRE_INLINE Vf sum_of_codes(Vf a, Vf a_unit, Vf b, Vf b_unit) { return rounded(a * a_unit) + rounded(b * b_unit); }

/// Two vectors to 2 * kLanes codes.
NACRE_INLINE void store_two(uint8_t* p, Vf low, Vf high, const CodeRange& range, bool is_signed) {
#if NACRE_ISA_avx512
  // Narrowing saturates: only what is too large for 32 bits needs a bound first.
  __m512i a = _mm512_cvtps_epi32((__m512)min(low, range.most)), b = _mm512_cvtps_epi32((__m512)min(high, range.most));
  __m512i both = _mm512_adds_epi16(_mm512_packs_epi32(a, b), _mm512_set1_epi16(static_cast<int16_t>(range.zero[0])));
  both = is_signed ? _mm512_packs_epi16(both, both) : _mm512_packus_epi16(both, both);
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 0, 0, 0, 0, 0, 0, 0, 0);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_castsi512_si256(_mm512_permutexvar_epi32(order, both)));
#else
  (void)is_signed;
  store_bytes(p, nearest_codes(low, range), kLanes);
  store_bytes(p + kLanes, nearest_codes(high, range), kLanes);
#endif
}

}  // namespace nacre::NACRE_ISA
