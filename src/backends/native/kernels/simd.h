// One vector type per instruction set, and the few operations the kernels are written in.
//
//     Vf x = load(p);                       // kLanes floats, any alignment
//     Vf tail = load_first(p, count);       // reads no further than p[count - 1]; zeros behind
//     store_first(q, x * tail + splat(2), count);
//     Vf y = select(x < tail, x, max(x, tail));
//
// Included only by files compiled once per instruction set. Everything here has internal linkage, so that the linker never
// shares one instruction set's code with another's.
#pragma once

#include <stdint.h>

#if NACRE_ISA_avx2 || NACRE_ISA_avx512
#include <immintrin.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

#define NACRE_INLINE static inline __attribute__((always_inline))

namespace nacre::NACRE_ISA {

#if NACRE_ISA_avx512
constexpr int kLanes = 16;
constexpr const char* kIsaName = "avx512";
#elif NACRE_ISA_avx2
constexpr int kLanes = 8;
constexpr const char* kIsaName = "avx2";
#elif NACRE_ISA_neon
constexpr int kLanes = 4;
constexpr const char* kIsaName = "neon";
#else
constexpr int kLanes = 4;
constexpr const char* kIsaName = "portable";
#endif

typedef float Vf __attribute__((vector_size(kLanes * 4)));
typedef int32_t Vi __attribute__((vector_size(kLanes * 4)));
typedef float UnalignedVf __attribute__((vector_size(kLanes * 4), aligned(4), may_alias));

NACRE_INLINE Vf splat(float x) { return x - Vf{}; }  // x - 0 is x, for -0 too
NACRE_INLINE Vi splat_int(int32_t x) { return x - Vi{}; }
NACRE_INLINE Vf load(const float* p) { return *reinterpret_cast<const UnalignedVf*>(p); }
NACRE_INLINE void store(float* p, Vf v) { *reinterpret_cast<UnalignedVf*>(p) = v; }
NACRE_INLINE Vi bits(Vf v) { return (Vi)v; }
NACRE_INLINE Vf from_bits(Vi v) { return (Vf)v; }
NACRE_INLINE Vf select(Vi mask, Vf yes, Vf no) { return mask ? yes : no; }
NACRE_INLINE Vf to_float(Vi v) { return __builtin_convertvector(v, Vf); }
NACRE_INLINE Vi to_int(Vf v) { return __builtin_convertvector(v, Vi); }

/// Keeps a product from being fused with the addition behind it: one rounding more, the same as separate nodes have.
NACRE_INLINE Vf rounded(Vf x) {
#if NACRE_ISA_avx512
  asm("" : "+v"(x));
#elif defined(__x86_64__)
  asm("" : "+x"(x));
#elif defined(__aarch64__)
  asm("" : "+w"(x));
#else
  asm("" : "+m"(x));
#endif
  return x;
}

// As the instructions do: the second argument when either is NaN.
NACRE_INLINE Vf max(Vf a, Vf b) { return a > b ? a : b; }
NACRE_INLINE Vf min(Vf a, Vf b) { return a < b ? a : b; }
NACRE_INLINE float max(float a, float b) { return a > b ? a : b; }
NACRE_INLINE float min(float a, float b) { return a < b ? a : b; }
NACRE_INLINE int64_t min(int64_t a, int64_t b) { return a < b ? a : b; }
NACRE_INLINE int64_t max(int64_t a, int64_t b) { return a > b ? a : b; }

NACRE_INLINE Vf abs(Vf x) { return from_bits(bits(x) & splat_int(0x7fffffff)); }
NACRE_INLINE Vf with_sign_of(Vf magnitude, Vf sign) { return from_bits(bits(magnitude) | (bits(sign) & splat_int(INT32_MIN))); }

#if NACRE_ISA_avx512
NACRE_INLINE __mmask16 lanes_below(int64_t count) { return static_cast<__mmask16>((1u << count) - 1); }
NACRE_INLINE Vf load_first(const float* p, int64_t count) { return (Vf)_mm512_maskz_loadu_ps(lanes_below(count), p); }
NACRE_INLINE void store_first(float* p, Vf v, int64_t count) { _mm512_mask_storeu_ps(p, lanes_below(count), (__m512)v); }
using WindowMask = __mmask16;
/// Lanes [first, last) of a vector.
NACRE_INLINE WindowMask window_mask(int64_t first, int64_t last) { return lanes_below(last) & ~lanes_below(first); }
/// The mask's lanes of the vector at p, zeros elsewhere; reads nothing else.
NACRE_INLINE Vf load_window(const float* p, WindowMask mask) { return (Vf)_mm512_maskz_loadu_ps(mask, p); }
NACRE_INLINE Vf sqrt(Vf x) { return (Vf)_mm512_sqrt_ps((__m512)x); }
NACRE_INLINE Vf round_even(Vf x) { return (Vf)_mm512_roundscale_ps((__m512)x, 8); }
NACRE_INLINE Vf floor(Vf x) { return (Vf)_mm512_roundscale_ps((__m512)x, 9); }
NACRE_INLINE Vf ceil(Vf x) { return (Vf)_mm512_roundscale_ps((__m512)x, 10); }
/// x * 2^n with one rounding, for whole n.
NACRE_INLINE Vf scale_by_power(Vf x, Vf n) { return (Vf)_mm512_scalef_ps((__m512)x, (__m512)n); }
#else

#if NACRE_ISA_avx2
NACRE_INLINE __m256i lanes_between(int64_t first, int64_t last) {
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  __m256i below_last = _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(last)), lane);
  return _mm256_andnot_si256(_mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(first)), lane), below_last);
}
NACRE_INLINE Vf load_first(const float* p, int64_t count) { return (Vf)_mm256_maskload_ps(p, lanes_between(0, count)); }
NACRE_INLINE void store_first(float* p, Vf v, int64_t count) { _mm256_maskstore_ps(p, lanes_between(0, count), (__m256)v); }
using WindowMask = __m256i;
NACRE_INLINE WindowMask window_mask(int64_t first, int64_t last) { return lanes_between(first, last); }
NACRE_INLINE Vf load_window(const float* p, WindowMask mask) { return (Vf)_mm256_maskload_ps(p, mask); }
NACRE_INLINE Vf sqrt(Vf x) { return (Vf)_mm256_sqrt_ps((__m256)x); }
NACRE_INLINE Vf round_even(Vf x) { return (Vf)_mm256_round_ps((__m256)x, 8); }
NACRE_INLINE Vf floor(Vf x) { return (Vf)_mm256_round_ps((__m256)x, 9); }
NACRE_INLINE Vf ceil(Vf x) { return (Vf)_mm256_round_ps((__m256)x, 10); }
#else
struct WindowMask {
  int64_t first, last;
};
NACRE_INLINE WindowMask window_mask(int64_t first, int64_t last) { return {first, last}; }
NACRE_INLINE Vf load_window(const float* p, WindowMask mask) {
  Vf v{};
  for (int64_t lane = mask.first; lane < mask.last; ++lane) v[lane] = p[lane];
  return v;
}
NACRE_INLINE Vf load_first(const float* p, int64_t count) { return load_window(p, {0, count}); }
NACRE_INLINE void store_first(float* p, Vf v, int64_t count) {
  for (int64_t lane = 0; lane < count; ++lane) p[lane] = v[lane];
}
#if defined(__SSE2__)
NACRE_INLINE Vf sqrt(Vf x) { return (Vf)_mm_sqrt_ps((__m128)x); }
#elif defined(__ARM_NEON) && defined(__aarch64__)
NACRE_INLINE Vf sqrt(Vf x) { return (Vf)vsqrtq_f32((float32x4_t)x); }
#else
NACRE_INLINE Vf sqrt(Vf x) {
  for (int lane = 0; lane < kLanes; ++lane) x[lane] = __builtin_sqrtf(x[lane]);
  return x;
}
#endif
/// Adding and taking away 1.5 * 2^23 rounds to whole numbers, to even at the half; numbers of 2^23 and above are whole already.
NACRE_INLINE Vf round_even(Vf x) {
  Vf magnitude = abs(x);
  Vf whole = (magnitude + splat(8388608.0f)) - splat(8388608.0f);
  return with_sign_of(select(magnitude < splat(8388608.0f), whole, magnitude), x);
}
NACRE_INLINE Vf floor(Vf x) {
  Vf near = round_even(x);
  return with_sign_of(select(near > x, near - splat(1), near), x);
}
NACRE_INLINE Vf ceil(Vf x) {
  Vf near = round_even(x);
  return with_sign_of(select(near < x, near + splat(1), near), x);
}
#endif
NACRE_INLINE Vf power_of_two(Vi n) { return from_bits((n + splat_int(127)) << 23); }
/// x * 2^n for whole n in [-252, 254]: two steps, so that neither factor overflows or vanishes.
NACRE_INLINE Vf scale_by_power(Vf x, Vf n) {
  Vi whole = to_int(n);
  Vi half = whole >> 1;
  return x * power_of_two(half) * power_of_two(whole - half);
}
#endif

/// The first `count` lanes; a plain load or store when they are all.
NACRE_INLINE Vf load_lanes(const float* p, int64_t count) {
  if (kLanes < 16 && count == kLanes) return load(p);
  return load_first(p, count);
}
NACRE_INLINE void store_lanes(float* p, Vf v, int64_t count) {
  if (kLanes < 16 && count == kLanes) return store(p, v);
  store_first(p, v, count);
}

/// As load_lanes, with `fill` instead of zeros behind.
NACRE_INLINE Vf load_lanes_or(const float* p, int64_t count, Vf fill) {
  if (count == kLanes) return load(p);
  static const int32_t lane[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  Vi index;
  __builtin_memcpy(&index, lane, sizeof index);
  return select(index < splat_int(static_cast<int32_t>(count)), load_first(p, count), fill);
}
/// True when the comparison held in some lane.
NACRE_INLINE bool any(Vi mask) {
#if NACRE_ISA_avx512
  return _mm512_movepi32_mask((__m512i)mask) != 0;
#elif NACRE_ISA_avx2
  return _mm256_movemask_ps((__m256)mask) != 0;
#else
  int32_t some = 0;
  for (int lane = 0; lane < kLanes; ++lane) some |= mask[lane];
  return some != 0;
#endif
}

#if NACRE_ISA_avx512
NACRE_INLINE float sum_of_lanes(Vf v) { return _mm512_reduce_add_ps((__m512)v); }
NACRE_INLINE float max_of_lanes(Vf v) { return _mm512_reduce_max_ps((__m512)v); }
#else
NACRE_INLINE float sum_of_lanes(Vf v) {
  float sum[4] = {v[0], v[1], v[2], v[3]};
  for (int lane = 4; lane < kLanes; ++lane) sum[lane % 4] += v[lane];
  return (sum[0] + sum[2]) + (sum[1] + sum[3]);
}
NACRE_INLINE float max_of_lanes(Vf v) {
  float best[4] = {v[0], v[1], v[2], v[3]};
  for (int lane = 4; lane < kLanes; ++lane) best[lane % 4] = max(best[lane % 4], v[lane]);
  return max(max(best[0], best[2]), max(best[1], best[3]));
}
#endif

/// visit(i, lanes) for every vector of n floats; `lanes` is the constant kLanes except for the last, shorter one.
template <class Visit>
NACRE_INLINE void for_vectors(int64_t n, Visit visit) {
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) visit(i, int64_t{kLanes});
  if (i < n) visit(i, n - i);
}

/// Lanes 0, 2, 4 … of (a, b).
NACRE_INLINE Vf even_lanes(Vf a, Vf b) {
#if NACRE_ISA_avx512
  return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
#elif NACRE_ISA_avx2
  return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14);
#else
  return __builtin_shufflevector(a, b, 0, 2, 4, 6);
#endif
}

/// a0 b0 a1 b1 … of the lower (upper) halves.
NACRE_INLINE Vf interleave_low(Vf a, Vf b) {
#if NACRE_ISA_avx512
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
#elif NACRE_ISA_avx2
  return __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
#else
  return __builtin_shufflevector(a, b, 0, 4, 1, 5);
#endif
}
NACRE_INLINE Vf interleave_high(Vf a, Vf b) {
#if NACRE_ISA_avx512
  return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
#elif NACRE_ISA_avx2
  return __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
#else
  return __builtin_shufflevector(a, b, 2, 6, 3, 7);
#endif
}

/// Transposes kLanes x kLanes in registers: log2(kLanes) perfect shuffles.
NACRE_INLINE void transpose_lanes(Vf (&row)[kLanes]) {
  for (int round = 1; round < kLanes; round *= 2) {
    Vf next[kLanes];
    for (int i = 0; i < kLanes / 2; ++i) {
      next[2 * i] = interleave_low(row[i], row[i + kLanes / 2]);
      next[2 * i + 1] = interleave_high(row[i], row[i + kLanes / 2]);
    }
    for (int i = 0; i < kLanes; ++i) row[i] = next[i];
  }
}

}  // namespace nacre::NACRE_ISA
