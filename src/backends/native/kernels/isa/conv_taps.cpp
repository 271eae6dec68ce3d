// Convolution of channels-last values without im2col: the rows of a tile are neighbouring output positions, which lie evenly
// spaced in x for every tap, so the product's register tile reads them where they are. Loops, outermost first: block of
// output rows (its part of x stays in the second-level cache), panel of output channels, row, tile of columns.
#include "backends/native/kernels/gemm_tile.h"

namespace nacre::NACRE_ISA {

using native::TapConvArgs;

namespace {

constexpr int64_t kBlockFloats = 32 * 1024;  // of x in one block: 128 KiB

NACRE_INLINE bool needs_second_pass(const Epilogue& e) {
  bool is_clamp = e.activation == Activation::none || e.activation == Activation::relu || e.activation == Activation::clip;
  return !is_clamp || (e.residual && e.residual_after_activation);
}

/// What of the epilogue is the same for every tile.
Tile tile_of(const TapConvArgs& args) {
  const Epilogue& e = args.epilogue;
  Tile t;
  t.depth = args.depth, t.lda = args.x_column, t.taps = args.tap_offsets, t.tap_count = args.taps;
  t.ldc = args.y_column, t.residual_stride = args.y_column, t.residual_scale = e.residual_scale;
  t.clamp = e.activation == Activation::relu || e.activation == Activation::clip;
  t.low = e.activation == Activation::clip ? e.alpha : 0;
  t.high = e.activation == Activation::clip ? e.beta : __builtin_inff();
  return t;
}

/// A block of positions and the panel it meets.
struct Walk {
  const TapConvArgs& args;
  int64_t row_begin, row_end, column_begin, column_end;
  bool second_pass;
};

void run_panel(const Walk& w, int64_t n, Tile& t) {
  const TapConvArgs& args = w.args;
  const Epilogue& e = args.epilogue;
  t.b = args.weights + n * args.taps * args.depth;
  t.bias_columns = e.bias_columns ? e.bias_columns + n : nullptr;
  for (int64_t row = w.row_begin; row < w.row_end; ++row) {
    int64_t column = w.column_begin;
    for (int64_t tiles = (w.column_end - column + kTileRows - 1) / kTileRows; tiles > 0; --tiles) {
      int64_t rows = (w.column_end - column + tiles - 1) / tiles;  // equal shares: no thin last tile
      int64_t target = row * args.y_row + column * args.y_column + n;
      t.a = args.x + row * args.x_row + column * args.x_column;
      t.c = args.y + target;
      t.residual = e.residual && !e.residual_after_activation ? e.residual + target : nullptr;
      run_tile(rows, t);
      if (w.second_pass)
        activate_block(e, e.residual && e.residual_after_activation ? e.residual + target : nullptr, t.c, t.ldc, rows, t.columns);
      column += rows;
    }
  }
}

void run_block(const Walk& w) {
  const TapConvArgs& args = w.args;
  int64_t n_end = args.n_end < 0 ? args.n : min(args.n_end, args.n);
  Tile t = tile_of(args);
  for (int64_t n = args.n_begin; n < n_end; n += kPanel) {
    t.columns = min(n_end - n, int64_t{kPanel});
    run_panel(w, n, t);
  }
}

}  // namespace

void conv_taps(const TapConvArgs& args) {
  Epilogue e = args.epilogue;
  e.residual_stride = args.y_column;
  TapConvArgs own = args;
  own.epilogue = e;
  const int64_t step = max(args.x_column, int64_t{1}), row_step = max(args.x_row, int64_t{1});
  const int64_t columns = max(kBlockFloats / step / kTileRows, int64_t{1}) * kTileRows;
  const int64_t rows = columns >= args.columns ? max(kBlockFloats / row_step, int64_t{1}) : 1;
  for (int64_t row = 0; row < args.rows; row += rows)
    for (int64_t column = 0; column < args.columns; column += columns)
      run_block({own, row, min(row + rows, args.rows), column, min(column + columns, args.columns), needs_second_pass(e)});
}

}  // namespace nacre::NACRE_ISA
