// One register tile of a product of 8-bit integers: sums[rows, kPanel] = a[rows, depth] b[depth, kPanel] in int32, modulo 2^32.
// With taps, a row of a is several stretches of `depth` bytes: what a convolution's window reads.
//
//     run_integer_tile(rows, is_signed, tile);     // any 1 <= rows <= kIntegerRows, each with its own instantiation
//
// Four depths lie side by side in each 32-bit lane of a packed b. One of a and b is unsigned and the other signed, so that one
// instruction (vpdpbusd) does four multiply-adds in each lane. Without it the bytes are widened to 16 bits: vpmaddubsw would be
// shorter and saturates. A file that defines NACRE_BYTE_DOTS to 1 and enables the instruction gets the first form. On NEON 1 means
// sdot and udot, whose sides are alike: a is flipped to b's signedness, and the sums of b's columns say what that changed; 2 means
// usdot, which is vpdpbusd, and usmmla, which multiplies two rows by two columns over eight depths.
#pragma once

#include "backends/native/kernels/isa/local.h"

namespace nacre::NACRE_ISA {

struct IntegerTile {
  int64_t depth = 0;  // of every tap
  const uint8_t* a = nullptr;
  int64_t lda = 0;
  const int64_t* taps = nullptr;  // a's rows continue at these offsets, one after the other
  int64_t tap_count = 1;
  const uint8_t* b = nullptr;  // a panel's first group of four depths, behind the sums of its columns
  int32_t* sums = nullptr;     // [rows][kPanel]
  int64_t columns = kPanel;    // fewer than half: the upper half of each row is not written
};

namespace {

#if NACRE_BYTE_DOTS
constexpr int kIntegerRows = kTileRows;
#elif NACRE_ISA_avx512
constexpr int kIntegerRows = 12;  // 24 sums, 4 halves of b, 3 of a: 31 of 32 registers
#elif NACRE_ISA_neon
constexpr int kIntegerRows = 8;
#else
constexpr int kIntegerRows = 4;  // 8 sums, 4 halves of b, 3 of a: 15 of 16 registers
#endif

NACRE_INLINE Vi load_group(const uint8_t* p) {
  Vi v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}

#if NACRE_BYTE_DOTS
#if NACRE_ISA_neon && NACRE_BYTE_DOTS == 1
constexpr bool kFlipsA = true;
#else
constexpr bool kFlipsA = false;
#endif
/// What b's lanes become before they are multiplied, once for all rows.
using Spread = Vi;
template <bool IsSigned>
NACRE_INLINE Spread spread(Vi v) {
  return v;
}
/// sum += four products in each lane of a and b.
template <bool ASigned>
NACRE_INLINE void add_dots(Vi& sum, Spread a, Spread b) {
  [[maybe_unused]] Vi bytes = ASigned ? b : a, signs = ASigned ? a : b;
#if NACRE_ISA_avx512
  sum = (Vi)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)bytes, (__m512i)signs);
#elif NACRE_ISA_neon && NACRE_BYTE_DOTS == 1
  if constexpr (ASigned)
    sum = (Vi)vdotq_u32((uint32x4_t)sum, (uint8x16_t)a, (uint8x16_t)b);
  else
    sum = (Vi)vdotq_s32((int32x4_t)sum, (int8x16_t)a, (int8x16_t)b);
#elif NACRE_ISA_neon
  sum = (Vi)vusdotq_s32((int32x4_t)sum, (uint8x16_t)bytes, (int8x16_t)signs);
#else
  sum = (Vi)_mm256_dpbusd_avx_epi32((__m256i)sum, (__m256i)bytes, (__m256i)signs);
#endif
}
#else
constexpr bool kFlipsA = false;
typedef int16_t Vs __attribute__((vector_size(kLanes * 4)));
typedef uint16_t Vus __attribute__((vector_size(kLanes * 4)));
typedef uint32_t Vu __attribute__((vector_size(kLanes * 4)));

/// Bytes 0 and 2, and 1 and 3, of every lane in 16 bits each.
struct Spread {
  Vs even, odd;
};
template <bool IsSigned>
NACRE_INLINE Spread spread(Vi v) {
  if constexpr (IsSigned) return {(Vs)((Vus)v << 8) >> 8, (Vs)v >> 8};
  return {(Vs)(v & splat_int(0x00ff00ff)), (Vs)((Vus)v >> 8)};
}
/// Sums of neighbouring products in 32 bits; they fit, the factors being bytes.
NACRE_INLINE Vi multiply_pairs(Vs a, Vs b) {
#if NACRE_ISA_avx512
  return (Vi)_mm512_madd_epi16((__m512i)a, (__m512i)b);
#elif NACRE_ISA_avx2
  return (Vi)_mm256_madd_epi16((__m256i)a, (__m256i)b);
#elif defined(__SSE2__)
  return (Vi)_mm_madd_epi16((__m128i)a, (__m128i)b);
#else
  Vi low = ((Vi)((Vu)a << 16) >> 16) * ((Vi)((Vu)b << 16) >> 16);
  return low + ((Vi)a >> 16) * ((Vi)b >> 16);
#endif
}
template <bool ASigned>
NACRE_INLINE void add_dots(Vi& sum, Spread a, Spread b) {
  sum = (Vi)((Vu)sum + (Vu)multiply_pairs(a.even, b.even) + (Vu)multiply_pairs(a.odd, b.odd));
}
#endif

/// Four bytes of a, or the first `count` of them and zeros, in every lane.
NACRE_INLINE Vi broadcast_group(const uint8_t* p) {
  int32_t word;
  __builtin_memcpy(&word, p, 4);
  return splat_int(word);
}
NACRE_INLINE Vi broadcast_bytes(const uint8_t* p, int64_t count) {
  uint32_t word = 0;
  for (int64_t i = 0; i < count; ++i) word |= static_cast<uint32_t>(p[i]) << (8 * i);
  return splat_int(static_cast<int32_t>(word));
}

/// a as b's instruction wants it: flipped, it is 128 more or less.
NACRE_INLINE Vi as_b(Vi a) { return kFlipsA ? a ^ splat_int(static_cast<int32_t>(0x80808080u)) : a; }
/// What the sums of `columns` begin with: what flipping a takes away, or adds.
template <bool ASigned>
NACRE_INLINE Vi first_sums(const uint8_t* columns) {
  if constexpr (!kFlipsA) return Vi{};
  const Vi sums = load_group(columns) << 7;
  return ASigned ? -sums : sums;
}

/// Few rows leave the units waiting for sums; then several groups go side by side into sums of their own.
template <int Rows, int Vectors>
constexpr int kSplit = Rows * Vectors >= 8   ? 1
                       : Rows * Vectors >= 4 ? 2
                                             : 4;

template <int Rows, int Vectors, bool ASigned>
void integer_tile(const IntegerTile& t) {
  constexpr int kSums = kSplit<Rows, Vectors>;
  constexpr int64_t kGroup = kPanel * 4;  // bytes of b
  Vi part[kSums][Rows][Vectors] = {};
#pragma GCC unroll 14
  for (int row = 0; row < Rows; ++row)
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) part[0][row][v] = first_sums<ASigned>(t.b - kGroup + v * kLanes * 4);
  const uint8_t* b = t.b;
  const int64_t whole = t.depth & ~int64_t{3}, rest = t.depth & 3;
  for (int64_t tap = 0; tap < t.tap_count; ++tap) {
    const uint8_t* a = t.a + (t.taps ? t.taps[tap] : 0);
    int64_t depth = 0;
    const auto add = [&](int s, auto element) __attribute__((always_inline)) {
      Spread column[Vectors];
#pragma GCC unroll 2
      for (int v = 0; v < Vectors; ++v) column[v] = spread<!ASigned>(load_group(b + s * kGroup + v * kLanes * 4));
#pragma GCC unroll 14
      for (int row = 0; row < Rows; ++row) {
        Spread lanes = spread<ASigned>(as_b(element(a + row * t.lda + depth + 4 * s)));
#pragma GCC unroll 2
        for (int v = 0; v < Vectors; ++v) add_dots<ASigned>(part[s][row][v], lanes, column[v]);
      }
    };
    for (; depth + 4 * kSums <= whole; depth += 4 * kSums, b += kSums * kGroup) {
      __builtin_prefetch(b + 8 * kGroup);
      if (Vectors == 2) __builtin_prefetch(b + 8 * kGroup + kLanes * 4);
#pragma GCC unroll 4
      for (int s = 0; s < kSums; ++s) add(s, broadcast_group);
    }
    if constexpr (kSums > 1)
      for (; depth < whole; depth += 4, b += kGroup) add(0, broadcast_group);
    if (rest) add(0, [=](const uint8_t* p) __attribute__((always_inline)) { return broadcast_bytes(p, rest); }), b += kGroup;
  }
#pragma GCC unroll 14
  for (int row = 0; row < Rows; ++row)
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) {
      typedef uint32_t Sum __attribute__((vector_size(kLanes * 4)));
      Sum sum = (Sum)part[0][row][v];
      for (int s = 1; s < kSums; ++s) sum += (Sum)part[s][row][v];
      __builtin_memcpy(t.sums + row * kPanel + v * kLanes, &sum, sizeof sum);
    }
}

#if NACRE_ISA_neon && NACRE_BYTE_DOTS == 2
/// Eight depths of two rows.
NACRE_INLINE uint8x16_t row_pair(const uint8_t* first, const uint8_t* second, int64_t depths) {
  if (depths >= 8) return vcombine_u8(vld1_u8(first), vld1_u8(second));
  uint8_t bytes[16] = {};
  for (int64_t i = 0; i < depths; ++i) bytes[i] = first[i], bytes[8 + i] = second[i];
  return vld1q_u8(bytes);
}

template <int Rows, bool ASigned>
void matrix_tile(const IntegerTile& t) {
  constexpr int kPairs = (Rows + 1) / 2;
  constexpr int64_t kGroup = kPanel * 4;  // bytes of b
  int32x4_t part[kPairs][4] = {};         // two rows by two columns each
  const uint8_t* b = t.b;
  for (int64_t tap = 0; tap < t.tap_count; ++tap) {
    const uint8_t* a = t.a + (t.taps ? t.taps[tap] : 0);
    const auto step = [&](int64_t depth, int64_t depths) __attribute__((always_inline)) {
      const Vi low[2] = {load_group(b), load_group(b + 16)};
      Vi high[2] = {};
      if (depths > 4) high[0] = load_group(b + kGroup), high[1] = load_group(b + kGroup + 16);
      int32x4_t columns[4];
#pragma GCC unroll 2
      for (int v = 0; v < 2; ++v) {
        columns[2 * v] = vzip1q_s32((int32x4_t)low[v], (int32x4_t)high[v]);
        columns[2 * v + 1] = vzip2q_s32((int32x4_t)low[v], (int32x4_t)high[v]);
      }
#pragma GCC unroll 6
      for (int pair = 0; pair < kPairs; ++pair) {
        const int second = 2 * pair + 1 < Rows ? 2 * pair + 1 : 2 * pair;
        const uint8x16_t rows = row_pair(a + 2 * pair * t.lda + depth, a + second * t.lda + depth, depths);
#pragma GCC unroll 4
        for (int c = 0; c < 4; ++c) {
          if constexpr (ASigned)
            part[pair][c] = vusmmlaq_s32(part[pair][c], (uint8x16_t)columns[c], (int8x16_t)rows);
          else
            part[pair][c] = vusmmlaq_s32(part[pair][c], rows, (int8x16_t)columns[c]);
        }
      }
    };
    int64_t depth = 0;
    for (; depth + 8 <= t.depth; depth += 8, b += 2 * kGroup) step(depth, 8);
    if (depth < t.depth) {
      step(depth, t.depth - depth);
      b += t.depth - depth > 4 ? 2 * kGroup : kGroup;
    }
  }
  // A square holds row, row, of its columns, or, where b came first, column, column.
#pragma GCC unroll 12
  for (int row = 0; row < Rows; ++row)
#pragma GCC unroll 2
    for (int v = 0; v < 2; ++v) {
      const int32x4_t left = part[row / 2][2 * v], right = part[row / 2][2 * v + 1];
      const int64x2_t wide[2] = {(int64x2_t)left, (int64x2_t)right};
      int32x4_t sums;
      if constexpr (ASigned)
        sums = row % 2 ? vuzp2q_s32(left, right) : vuzp1q_s32(left, right);
      else
        sums = (int32x4_t)(row % 2 ? vzip2q_s64(wide[0], wide[1]) : vzip1q_s64(wide[0], wide[1]));
      __builtin_memcpy(t.sums + row * kPanel + v * kLanes, &sums, sizeof sums);
    }
}
#endif

using IntegerTileKernel = void (*)(const IntegerTile&);
template <int... Row>
struct IntegerTileTable {
#if NACRE_ISA_neon && NACRE_BYTE_DOTS == 2
  static constexpr IntegerTileKernel kernels[2][2][kIntegerRows] = {{{matrix_tile<Row + 1, false>...}, {matrix_tile<Row + 1, false>...}},
                                                                    {{matrix_tile<Row + 1, true>...}, {matrix_tile<Row + 1, true>...}}};
#else
  static constexpr IntegerTileKernel kernels[2][2][kIntegerRows] = {
      {{integer_tile<Row + 1, 1, false>...}, {integer_tile<Row + 1, 2, false>...}},
      {{integer_tile<Row + 1, 1, true>...}, {integer_tile<Row + 1, 2, true>...}}};
#endif
};
template <int N, int... Row>
struct Counted : Counted<N - 1, N - 1, Row...> {};
template <int... Row>
struct Counted<0, Row...> {
  using Table = IntegerTileTable<Row...>;
};

[[maybe_unused]] void run_integer_tile(int64_t rows, bool a_signed, const IntegerTile& t) {
  Counted<kIntegerRows>::Table::kernels[a_signed][t.columns > kLanes][rows - 1](t);
}

}  // namespace

}  // namespace nacre::NACRE_ISA
