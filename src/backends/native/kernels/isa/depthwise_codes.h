// Depthwise convolution of 8-bit codes with channels last: 4 * kLanes channels at a time. The bytes of four taps are interleaved,
// so that each 32-bit lane holds four taps of one channel and one dot product adds them up. Interleaving goes on inside 16-byte
// parts, so lane 4 P + i of vector j is channel 16 P + 4 j + i: weights, starts and units are packed in that order, and packing
// the results to bytes brings the channels' own order back.
#pragma once

#include "backends/native/kernels/codes.h"
#include "backends/native/kernels/integer_tile.h"
#include "backends/native/kernels/isa/code_vectors.h"

namespace nacre::NACRE_ISA {

constexpr int64_t kChunk = 4 * kLanes;  // channels

/// The packed form of one chunk: starts and units, then four vectors of weights for every four taps.
NACRE_INLINE int64_t chunk_bytes(int64_t taps) { return kChunk * 8 + (taps + 3) / 4 * kChunk * 4; }

namespace {

typedef uint8_t Vb __attribute__((vector_size(kLanes * 4)));

NACRE_INLINE Vb load_chunk(const uint8_t* p) {
  Vb v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}

#if NACRE_ISA_avx512
NACRE_INLINE Vb zip8_low(Vb a, Vb b) { return (Vb)_mm512_unpacklo_epi8((__m512i)a, (__m512i)b); }
NACRE_INLINE Vb zip8_high(Vb a, Vb b) { return (Vb)_mm512_unpackhi_epi8((__m512i)a, (__m512i)b); }
NACRE_INLINE Vi zip16_low(Vb a, Vb b) { return (Vi)_mm512_unpacklo_epi16((__m512i)a, (__m512i)b); }
NACRE_INLINE Vi zip16_high(Vb a, Vb b) { return (Vi)_mm512_unpackhi_epi16((__m512i)a, (__m512i)b); }
NACRE_INLINE Vb to_bytes(const Vi (&v)[4], bool is_signed) {
  __m512i low = _mm512_packs_epi32((__m512i)v[0], (__m512i)v[1]), high = _mm512_packs_epi32((__m512i)v[2], (__m512i)v[3]);
  return (Vb)(is_signed ? _mm512_packs_epi16(low, high) : _mm512_packus_epi16(low, high));
}
#elif NACRE_ISA_avx2
NACRE_INLINE Vb zip8_low(Vb a, Vb b) { return (Vb)_mm256_unpacklo_epi8((__m256i)a, (__m256i)b); }
NACRE_INLINE Vb zip8_high(Vb a, Vb b) { return (Vb)_mm256_unpackhi_epi8((__m256i)a, (__m256i)b); }
NACRE_INLINE Vi zip16_low(Vb a, Vb b) { return (Vi)_mm256_unpacklo_epi16((__m256i)a, (__m256i)b); }
NACRE_INLINE Vi zip16_high(Vb a, Vb b) { return (Vi)_mm256_unpackhi_epi16((__m256i)a, (__m256i)b); }
NACRE_INLINE Vb to_bytes(const Vi (&v)[4], bool is_signed) {
  __m256i low = _mm256_packs_epi32((__m256i)v[0], (__m256i)v[1]), high = _mm256_packs_epi32((__m256i)v[2], (__m256i)v[3]);
  return (Vb)(is_signed ? _mm256_packs_epi16(low, high) : _mm256_packus_epi16(low, high));
}
#else
NACRE_INLINE Vb zip8_low(Vb a, Vb b) { return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23); }
NACRE_INLINE Vb zip8_high(Vb a, Vb b) {
  return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}
NACRE_INLINE Vi zip16_low(Vb a, Vb b) { return (Vi)__builtin_shufflevector(a, b, 0, 1, 16, 17, 2, 3, 18, 19, 4, 5, 20, 21, 6, 7, 22, 23); }
NACRE_INLINE Vi zip16_high(Vb a, Vb b) {
  return (Vi)__builtin_shufflevector(a, b, 8, 9, 24, 25, 10, 11, 26, 27, 12, 13, 28, 29, 14, 15, 30, 31);
}
// The codes are in range already: only their low bytes are taken.
NACRE_INLINE Vb to_bytes(const Vi (&v)[4], bool) {
  Vb low = __builtin_shufflevector((Vb)v[0], (Vb)v[1], 0, 4, 8, 12, 16, 20, 24, 28, 0, 0, 0, 0, 0, 0, 0, 0);
  Vb high = __builtin_shufflevector((Vb)v[2], (Vb)v[3], 0, 4, 8, 12, 16, 20, 24, 28, 0, 0, 0, 0, 0, 0, 0, 0);
  return __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
}
#endif

NACRE_INLINE void store_first_codes(uint8_t* y, Vb codes, int64_t count) {
#if NACRE_ISA_avx512
  if (count < kChunk) return _mm512_mask_storeu_epi8(y, (uint64_t{1} << count) - 1, (__m512i)codes);
  __builtin_memcpy(y, &codes, sizeof codes);
#else
  if (count == kChunk) {
    __builtin_memcpy(y, &codes, sizeof codes);
    return;
  }
  for (int64_t i = 0; i < count; ++i) y[i] = codes[i];
#endif
}

template <int Positions>
NACRE_INLINE void depthwise_sums(const native::DepthwiseCodesArgs& args, const uint8_t* x, const uint8_t* chunk, Vi (&sum)[Positions][4]) {
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j)
#pragma GCC unroll 4
    for (int p = 0; p < Positions; ++p) sum[p][j] = load_group(chunk + j * kLanes * 4);
  const uint8_t* weights = chunk + kChunk * 8;
  for (int64_t tap = 0; tap < args.taps; tap += 4, weights += kChunk * 4) {
    const int64_t* offsets = args.tap_offsets + tap;
    Spread factor[4];
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) factor[j] = spread<true>(load_group(weights + j * kLanes * 4));
#pragma GCC unroll 4
    for (int p = 0; p < Positions; ++p) {
      const uint8_t* at = x + p * args.x_column;
      const Vb a = load_chunk(at + offsets[0]), b = load_chunk(at + offsets[1]), c = load_chunk(at + offsets[2]),
               d = load_chunk(at + offsets[3]);
      const Vb ab = zip8_low(a, b), cd = zip8_low(c, d), ab_high = zip8_high(a, b), cd_high = zip8_high(c, d);
      add_dots<false>(sum[p][0], spread<false>(zip16_low(ab, cd)), factor[0]);
      add_dots<false>(sum[p][1], spread<false>(zip16_high(ab, cd)), factor[1]);
      add_dots<false>(sum[p][2], spread<false>(zip16_low(ab_high, cd_high)), factor[2]);
      add_dots<false>(sum[p][3], spread<false>(zip16_high(ab_high, cd_high)), factor[3]);
    }
  }
}

template <int Positions>
NACRE_INLINE void depthwise_positions(const native::DepthwiseCodesArgs& args, const uint8_t* x, const uint8_t* chunk,
                                      const CodeRange& range, uint8_t* y, int64_t channels) {
  Vi sum[Positions][4];
  depthwise_sums(args, x, chunk, sum);
  const float* units = reinterpret_cast<const float*>(chunk + kChunk * 4);
#pragma GCC unroll 4
  for (int p = 0; p < Positions; ++p) {
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) sum[p][j] = nearest_codes(to_float(sum[p][j]) * load(units + j * kLanes), range);
    const Vb codes = to_bytes(sum[p], args.y_signed);
    store_first_codes(y + p * args.y_column, codes, channels);
  }
}

/// The sums of one position in the order of their channels, where `integer_finish` wants them.
NACRE_INLINE void place_sums(const Vi (&sum)[4], int32_t* first_panel, int64_t panel_step) {
  for (int j = 0; j < 4; ++j)
    for (int part = 0; part < kLanes / 4; ++part) {
      const int channel = 16 * part + 4 * j;
      __builtin_memcpy(first_panel + channel / kPanel * panel_step + channel % kPanel, reinterpret_cast<const char*>(&sum[j]) + 16 * part,
                       16);
    }
}

/// A row's positions of one chunk of channels, through `finish`.
void finish_depthwise_row(const native::DepthwiseCodesArgs& args, const uint8_t* x, const uint8_t* chunk, int64_t row, int64_t channel) {
  constexpr int64_t kPanels = kChunk / kPanel;
  alignas(64) int32_t sums[kPanels][kTileRows * kPanel];
  const native::IntegerGemmArgs finish = finish_at(args.finish, args.y_column, row * args.y_row);
  for (int64_t column = 0; column < args.columns; column += kTileRows) {
    const int64_t positions = min(args.columns - column, int64_t{kTileRows});
    for (int64_t p = 0; p < positions; ++p) {
      Vi sum[1][4];
      depthwise_sums(args, x + (column + p) * args.x_column, chunk, sum);
      place_sums(sum[0], sums[0] + p * kPanel, kTileRows * kPanel);
    }
    for (int64_t panel = 0, first = channel; panel < kPanels && first < args.channels; ++panel, first += kPanel)
      integer_finish(finish, {column, positions, first, min(args.channels - first, int64_t{kPanel}), args.taps, args.weight_sums + first,
                              nullptr, sums[panel]});
  }
}

[[maybe_unused]] void run_depthwise_codes(const native::DepthwiseCodesArgs& args) {
  const CodeRange range = code_range(args.zero, args.y_signed);
  const int64_t bytes = chunk_bytes(args.taps);
  const uint8_t* chunk = static_cast<const uint8_t*>(args.packed);
  for (int64_t channel = 0; channel < args.channels; channel += kChunk, chunk += bytes) {
    const int64_t channels = min(args.channels - channel, kChunk);
    for (int64_t row = 0; row < args.rows; ++row) {
      const uint8_t* x = args.x + row * args.x_row + channel;
      if (args.finishes) {
        finish_depthwise_row(args, x, chunk, row, channel);
        continue;
      }
      uint8_t* y = args.y + row * args.y_row + channel;
      int64_t column = 0;
      for (; column + 2 <= args.columns; column += 2, x += 2 * args.x_column, y += 2 * args.y_column)
        depthwise_positions<2>(args, x, chunk, range, y, channels);
      if (column < args.columns) depthwise_positions<1>(args, x, chunk, range, y, channels);
    }
  }
}

}  // namespace

}  // namespace nacre::NACRE_ISA
