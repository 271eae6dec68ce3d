// Sums of bytes: what zero points of the other operand are multiplied with.
#include "backends/native/kernels/isa/local.h"

namespace nacre::NACRE_ISA {

namespace {

#if NACRE_ISA_avx512
constexpr int64_t kStep = 64;
NACRE_INLINE __m512i sums_of_eight(const uint8_t* p, __m512i flip) {
  return _mm512_sad_epu8(_mm512_xor_si512(_mm512_loadu_si512(p), flip), _mm512_setzero_si512());
}
NACRE_INLINE int64_t sum_of_steps(const uint8_t* p, int64_t steps, uint8_t flip) {
  const __m512i flips = _mm512_set1_epi8(static_cast<char>(flip));
  __m512i sum = _mm512_setzero_si512();
  for (int64_t i = 0; i < steps; ++i) sum = _mm512_add_epi64(sum, sums_of_eight(p + i * kStep, flips));
  return _mm512_reduce_add_epi64(sum);
}
#elif NACRE_ISA_avx2
constexpr int64_t kStep = 32;
NACRE_INLINE int64_t sum_of_steps(const uint8_t* p, int64_t steps, uint8_t flip) {
  const __m256i flips = _mm256_set1_epi8(static_cast<char>(flip)), zero = _mm256_setzero_si256();
  __m256i sum = zero;
  for (int64_t i = 0; i < steps; ++i) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + i * kStep));
    sum = _mm256_add_epi64(sum, _mm256_sad_epu8(_mm256_xor_si256(bytes, flips), zero));
  }
  int64_t parts[4];
  __builtin_memcpy(parts, &sum, sizeof parts);
  return parts[0] + parts[1] + parts[2] + parts[3];
}
#elif defined(__SSE2__)
constexpr int64_t kStep = 16;
NACRE_INLINE int64_t sum_of_steps(const uint8_t* p, int64_t steps, uint8_t flip) {
  const __m128i flips = _mm_set1_epi8(static_cast<char>(flip)), zero = _mm_setzero_si128();
  __m128i sum = zero;
  for (int64_t i = 0; i < steps; ++i) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + i * kStep));
    sum = _mm_add_epi64(sum, _mm_sad_epu8(_mm_xor_si128(bytes, flips), zero));
  }
  int64_t parts[2];
  __builtin_memcpy(parts, &sum, sizeof parts);
  return parts[0] + parts[1];
}
#elif NACRE_ISA_neon
constexpr int64_t kStep = 16;
NACRE_INLINE int64_t sum_of_steps(const uint8_t* p, int64_t steps, uint8_t flip) {
  const uint8x16_t flips = vdupq_n_u8(flip);
  uint32x4_t sum = vdupq_n_u32(0);
  for (int64_t i = 0; i < steps; ++i) sum = vpadalq_u16(sum, vpaddlq_u8(veorq_u8(vld1q_u8(p + i * kStep), flips)));
  return vaddvq_u32(sum);
}
#else
constexpr int64_t kStep = 1;
NACRE_INLINE int64_t sum_of_steps(const uint8_t* p, int64_t steps, uint8_t flip) {
  uint32_t sum = 0;
  for (int64_t i = 0; i < steps; ++i) sum += p[i] ^ flip;
  return sum;
}
#endif

}  // namespace

// A signed byte is an unsigned one, its highest bit flipped, less 128.
int32_t sum_of_bytes(const uint8_t* bytes, int64_t count, bool is_signed) {
  const uint8_t flip = is_signed ? 0x80 : 0;
  const int64_t steps = count / kStep;
  uint64_t sum = static_cast<uint64_t>(sum_of_steps(bytes, steps, flip));
  for (int64_t i = steps * kStep; i < count; ++i) sum += bytes[i] ^ flip;
  if (is_signed) sum -= static_cast<uint64_t>(count) * 128;
  return static_cast<int32_t>(static_cast<uint32_t>(sum));
}

}  // namespace nacre::NACRE_ISA
