// One register tile of a matrix product: c[rows, <= kPanel] (+)= a[rows, depth] b[depth, kPanel], then the cheap part of the
// epilogue while the sums are still in registers. With taps, a row of a is several stretches of `depth` floats: what a
// convolution's window reads.
//
//     run_tile(rows, tile);     // any 1 <= rows <= kTileRows, each with its own instantiation
//
// Facts behind the shape: an AVX-512 core of two FMA units needs 8 independent sums and at most one load per two FMAs; 14 x 32
// gives 28 sums, 2 loads of b and 14 broadcasts of a for 28 FMAs, and measures 90-95 % of peak.
#pragma once

#include "backends/native/kernels/isa/local.h"

namespace nacre::NACRE_ISA {

struct Tile {
  int64_t depth = 0;  // of every tap
  const float* a = nullptr;
  int64_t lda = 0;
  const int64_t* taps = nullptr;  // a's rows continue at these offsets, one after the other
  int64_t tap_count = 1;
  const float* b = nullptr;
  int64_t b_step = kPanel;  // from one k to the next
  float* c = nullptr;
  int64_t ldc = 0;
  int64_t columns = kPanel;
  bool few_rows = false;    // the whole product has so few that sums are split (kSplit); a thin tile of many rows is not enough
  bool accumulate = false;  // c holds the sums of earlier depths
  bool clamp = false;
  float low = 0, high = 0;
  const float* bias_columns = nullptr;
  const float* bias_rows = nullptr;
  const float* residual = nullptr;
  int64_t residual_stride = 0;
  float residual_scale = 1;
};

namespace {

/// Few rows leave the FMA units waiting for sums; then several depths go side by side into sums of their own. It is the size of the whole
/// product that decides, so that what a row gives does not depend on how many threads the rows are dealt to.
template <int Rows, int Vectors, bool FewRows>
constexpr int kSplit = !FewRows || Rows * Vectors >= 8 ? 1
                       : Rows * Vectors >= 4           ? 2
                                                       : 4;

template <int Rows, int Vectors, bool FewRows>
NACRE_INLINE void add_products(const Tile& t, Vf (&sum)[Rows][Vectors]) {
  constexpr int kSums = kSplit<Rows, Vectors, FewRows>;
  Vf part[kSums][Rows][Vectors] = {};
  const float* b = t.b;
  for (int64_t tap = 0; tap < t.tap_count; ++tap) {
    const float* a = t.a + (t.taps ? t.taps[tap] : 0);
    int64_t depth = 0;
    for (; depth + kSums <= t.depth; depth += kSums, b += kSums * t.b_step) {
      __builtin_prefetch(b + 8 * t.b_step);
      if (Vectors == 2) __builtin_prefetch(b + 8 * t.b_step + kLanes);
#pragma GCC unroll 4
      for (int s = 0; s < kSums; ++s) {
        Vf column[Vectors];
#pragma GCC unroll 2
        for (int v = 0; v < Vectors; ++v) column[v] = load(b + s * t.b_step + v * kLanes);
#pragma GCC unroll 14
        for (int row = 0; row < Rows; ++row) {
          Vf element = splat(a[row * t.lda + depth + s]);
#pragma GCC unroll 2
          for (int v = 0; v < Vectors; ++v) part[s][row][v] += element * column[v];
        }
      }
    }
    for (; depth < t.depth; ++depth, b += t.b_step)
      for (int row = 0; row < Rows; ++row)
        for (int v = 0; v < Vectors; ++v) part[0][row][v] += splat(a[row * t.lda + depth]) * load(b + v * kLanes);
  }
  for (int row = 0; row < Rows; ++row)
    for (int v = 0; v < Vectors; ++v) {
      sum[row][v] = part[0][row][v];
      for (int s = 1; s < kSums; ++s) sum[row][v] += part[s][row][v];
    }
}

/// What the epilogue will read or write comes while the products are summed: its rows are too far apart for the hardware to foresee.
template <int Rows, int Vectors, int ToWrite>
NACRE_INLINE void prefetch_block(const float* block, int64_t stride) {
#pragma GCC unroll 14
  for (int row = 0; row < Rows; ++row) {
    __builtin_prefetch(block + row * stride, ToWrite);
    if (Vectors == 2) __builtin_prefetch(block + row * stride + kLanes, ToWrite);
  }
}

template <int Rows, int Vectors, bool FewRows>
void tile(const Tile& t) {
  prefetch_block<Rows, Vectors, 1>(t.c, t.ldc);
  if (t.residual) prefetch_block<Rows, Vectors, 0>(t.residual, t.residual_stride);
  Vf sum[Rows][Vectors];
  add_products<Rows, Vectors, FewRows>(t, sum);
#pragma GCC unroll 2
  for (int v = 0; v < Vectors; ++v) {
    int64_t offset = v * kLanes;
    int64_t lanes = v + 1 < Vectors ? kLanes : t.columns - offset;
    Vf bias = t.bias_columns ? load_lanes(t.bias_columns + offset, lanes) : Vf{};
#pragma GCC unroll 14
    for (int row = 0; row < Rows; ++row) {
      float* c = t.c + row * t.ldc + offset;
      Vf y = sum[row][v];
      if (t.accumulate) y += load_lanes(c, lanes);
      y += bias;
      if (t.bias_rows) y += splat(t.bias_rows[row]);
      if (t.residual) y += splat(t.residual_scale) * load_lanes(t.residual + row * t.residual_stride + offset, lanes);
      if (t.clamp) {
        y = select(y < splat(t.low), splat(t.low), y);
        y = select(y > splat(t.high), splat(t.high), y);
      }
      store_lanes(c, y, lanes);
    }
  }
}

constexpr int64_t kFewRows = 8;
template <int Rows>
constexpr bool kIsFew = Rows < kFewRows;

using TileKernel = void (*)(const Tile&);
template <int... Row>
struct TileTable {
  static constexpr TileKernel kernels[2][2][sizeof...(Row)] = {{{tile<Row, 1, false>...}, {tile<Row, 2, false>...}},
                                                               {{tile<Row, 1, kIsFew<Row>>...}, {tile<Row, 2, kIsFew<Row>>...}}};
};
#if NACRE_ISA_avx512
using Tiles = TileTable<1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14>;
#elif NACRE_ISA_neon
using Tiles = TileTable<1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12>;
#else
using Tiles = TileTable<1, 2, 3, 4, 5, 6>;
#endif

}  // namespace

/// Rows of a that lie a multiple of 4 KiB apart fall into one set of the first-level cache. It has 8 or 12 ways; more rows than that push
/// each other out at every step, which halves the speed. Such a tile is copied first, where several panels read it.
constexpr int64_t kWays = 8, kSetFloats = 1024, kStagedDepth = 640;
struct Staged {
  alignas(64) float rows[kTileRows * (kStagedDepth + kLanes)];
};

NACRE_INLINE void stage_rows(int64_t rows, int64_t columns, Tile& t, Staged& staged) {
  const int64_t depth = t.tap_count * t.depth, stride = depth + kLanes;
  if (rows <= kWays || t.lda % kSetFloats != 0 || depth > kStagedDepth || columns <= kPanel) return;
  for (int64_t row = 0; row < rows; ++row) {
    float* to = staged.rows + row * stride;
    for (int64_t tap = 0; tap < t.tap_count; ++tap, to += t.depth)
      __builtin_memcpy(to, t.a + row * t.lda + (t.taps ? t.taps[tap] : 0), static_cast<size_t>(t.depth) * sizeof(float));
  }
  t.a = staged.rows, t.lda = stride, t.taps = nullptr, t.depth = depth, t.tap_count = 1;
}

NACRE_INLINE void run_tile(int64_t rows, const Tile& t) { Tiles::kernels[t.few_rows][t.columns > kLanes][rows - 1](t); }

}  // namespace nacre::NACRE_ISA
