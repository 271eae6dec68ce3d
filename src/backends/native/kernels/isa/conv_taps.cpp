// Convolution of channels-last values without im2col: the rows of a tile are neighbouring output positions, which lie evenly
// spaced in x for every tap, so the product's register tile reads them where they are. Loops, outermost first: block of output
// channels, stretch of taps and depth (their weights stay in the second-level cache), row, tile of columns (its part of x stays
// in the first level), panel. One panel over all tiles with all its depth at once was slower for many channels (bench/RESULTS.md).
#include "backends/native/kernels/gemm_tile.h"

namespace nacre::NACRE_ISA {

using native::TapConvArgs;

namespace {

constexpr int64_t kDepthBlock = 640;
constexpr int64_t kBlockFloats = 64 * 1024;  // of weights: 256 KiB

NACRE_INLINE bool needs_second_pass(const Epilogue& e) {
  bool is_clamp = e.activation == Activation::none || e.activation == Activation::relu || e.activation == Activation::clip;
  return !is_clamp || e.scale != 1 || e.shift != 0 || (e.residual && e.residual_after_activation);
}

/// Whole taps, or a part of one tap's depth.
struct Stretch {
  int64_t tap = 0, taps = 0, depth = 0, count = 0;
  bool first = false, last = false;
};

/// In equal parts.
Stretch stretch_at(const TapConvArgs& args, int64_t tap, int64_t depth) {
  Stretch s{tap, 1, depth, args.depth, tap == 0 && depth == 0, false};
  if (args.depth > kDepthBlock) {
    int64_t parts = (args.depth - depth + kDepthBlock - 1) / kDepthBlock;
    s.count = (args.depth - depth + parts - 1) / parts;
  } else {
    int64_t most = args.depth ? max(kDepthBlock / args.depth, int64_t{1}) : args.taps;
    int64_t parts = max((args.taps - tap + most - 1) / most, int64_t{1});
    s.taps = (args.taps - tap + parts - 1) / parts;
  }
  s.last = s.tap + s.taps >= args.taps && s.depth + s.count >= args.depth;
  return s;
}

/// A block of output channels and a stretch of what they sum over.
struct Walk {
  const TapConvArgs& args;
  Stretch stretch;
  int64_t n_begin, n_end;
  bool second_pass;
};

Tile tile_of(const Walk& w) {
  const Epilogue& e = w.args.epilogue;
  Tile t;
  t.depth = w.stretch.count, t.lda = w.args.x_column, t.taps = w.args.tap_offsets + w.stretch.tap, t.tap_count = w.stretch.taps;
  t.ldc = w.args.y_column, t.residual_stride = w.args.y_column, t.residual_scale = e.residual_scale;
  t.accumulate = !w.stretch.first;
  t.few_rows = max(w.args.columns, w.args.whole_columns) < kFewRows;
  t.clamp = w.stretch.last && (e.activation == Activation::relu || e.activation == Activation::clip);
  t.low = e.activation == Activation::clip ? e.alpha : 0;
  t.high = e.activation == Activation::clip ? e.beta : __builtin_inff();
  return t;
}

/// One tile of positions against every panel of the block. The early residual comes with the first stretch, the rest with the last.
NACRE_INLINE void run_panels(const Walk& w, Tile& t, int64_t rows, int64_t target) {
  const TapConvArgs& args = w.args;
  const Epilogue& e = args.epilogue;
  const bool early = e.residual && !e.residual_after_activation && w.stretch.first, late = e.residual && e.residual_after_activation;
  const int64_t k = args.taps * args.depth, skip = (w.stretch.tap * args.depth + w.stretch.depth) * kPanel;
  for (int64_t n = w.n_begin; n < w.n_end; n += kPanel) {
    t.b = args.weights + n * k + skip;
    t.c = args.y + target + n;
    t.columns = min(w.n_end - n, int64_t{kPanel});
    t.bias_columns = w.stretch.last && e.bias_columns ? e.bias_columns + n : nullptr;
    t.residual = early ? e.residual + target + n : nullptr;
    run_tile(rows, t);
    if (w.second_pass) activate_block(e, late ? e.residual + target + n : nullptr, t.c, t.ldc, rows, t.columns);
  }
}

void run_block(const Walk& w) {
  const TapConvArgs& args = w.args;
  Staged staged;
  const Tile whole = tile_of(w);
  for (int64_t row = 0; row < args.rows; ++row) {
    int64_t column = 0;
    for (int64_t tiles = (args.columns + kTileRows - 1) / kTileRows; tiles > 0; --tiles) {
      int64_t rows = (args.columns - column + tiles - 1) / tiles;  // equal shares: no thin last tile
      Tile t = whole;
      t.a = args.x + row * args.x_row + column * args.x_column + w.stretch.depth;
      stage_rows(rows, w.n_end - w.n_begin, t, staged);
      run_panels(w, t, rows, row * args.y_row + column * args.y_column);
      column += rows;
    }
  }
}

}  // namespace

void conv_taps(const TapConvArgs& args) {
  TapConvArgs own = args;
  own.epilogue.residual_stride = args.y_column;
  const int64_t n_end = args.n_end < 0 ? args.n : min(args.n_end, args.n);
  const int64_t depth = max(min(args.taps * args.depth, kDepthBlock), int64_t{1});
  const int64_t block = max(kBlockFloats / depth / kPanel, int64_t{1}) * kPanel;
  for (int64_t n = args.n_begin; n < n_end; n += block)
    for (Stretch s; !s.last;) {
      const bool next_depth = s.depth + s.count < args.depth;
      s = stretch_at(args, next_depth ? s.tap : s.tap + s.taps, next_depth ? s.depth + s.count : 0);
      run_block({own, s, n, min(n + block, n_end), s.last && needs_second_pass(args.epilogue)});
    }
}

}  // namespace nacre::NACRE_ISA
