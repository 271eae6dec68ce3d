// Matrix product in fp32: b in panels of two vectors, a in place, depth in blocks whose part of b stays in the second-level
// cache. Loops, outermost first: block of columns, block of depth, tile of rows (its part of a stays in the first level), panel.
#include "backends/native/kernels/gemm_tile.h"

namespace nacre::NACRE_ISA {
namespace {

constexpr int64_t kDepthBlock = 512;
constexpr int64_t kBlockFloats = 64 * 1024;  // 256 KiB of b

/// target[columns, kPanel or rows] from source[rows, columns]; lanes beyond `rows` are zeros when the target has room.
NACRE_INLINE void transpose_block(const float* source, int64_t source_stride, int64_t rows, int64_t columns, float* target,
                                  int64_t target_stride, int64_t stored_lanes) {
  Vf row[kLanes];
  for (int i = 0; i < kLanes; ++i) row[i] = i < rows ? load_lanes(source + i * source_stride, columns) : Vf{};
  transpose_lanes(row);
  for (int64_t i = 0; i < columns; ++i) store_lanes(target + i * target_stride, row[i], stored_lanes);
}

/// One panel of b[k, n], columns [column, column + kPanel), zeros beyond n.
void pack_rows(const float* b, int64_t ldb, int64_t k, int64_t n, int64_t column, float* panel) {
  int64_t columns = min(n - column, int64_t{kPanel});
  int64_t low = min(columns, int64_t{kLanes}), high = columns - low;
  for (int64_t depth = 0; depth < k; ++depth, panel += kPanel) {
    const float* row = b + depth * ldb + column;
    store(panel, load_lanes(row, low));
    store(panel + kLanes, high ? load_lanes(row + kLanes, high) : Vf{});
  }
}

void pack_transposed(const float* b, int64_t ldb, int64_t k, int64_t n, int64_t column, float* panel) {
  for (int64_t depth = 0; depth < k; depth += kLanes)
    for (int64_t half = 0; half < kPanel; half += kLanes)
      transpose_block(b + (column + half) * ldb + depth, ldb, min(n - column - half, int64_t{kLanes}), min(k - depth, int64_t{kLanes}),
                      panel + depth * kPanel + half, kPanel, kLanes);
}

/// Panels of b's depths [depth, depth + count) for columns [begin, end), `count * kPanel` floats each.
void pack_block(const float* b, int64_t ldb, bool transposed, int64_t depth, int64_t count, int64_t n, int64_t begin, int64_t end,
                float* target) {
  for (int64_t column = begin; column < end; column += kPanel, target += count * kPanel) {
    if (transposed)
      pack_transposed(b + depth, ldb, count, n, column, target);
    else
      pack_rows(b + depth * ldb, ldb, count, n, column, target);
  }
}

/// The part of a product one call computes, and the block it is at.
struct Walk {
  const GemmArgs& args;
  int64_t row_begin, row_end, column_end;
  int64_t depth, depth_count;    // the block of depth
  int64_t column, column_limit;  // the block of columns
  const float* panels;           // b's first panel of the block
  int64_t panel_stride;          // from one panel to the next
  int64_t b_step;
};

NACRE_INLINE bool needs_second_pass(const Epilogue& e) {
  bool is_clamp = e.activation == Activation::none || e.activation == Activation::relu || e.activation == Activation::clip;
  return !is_clamp || e.scale != 1 || e.shift != 0 || (e.residual && e.residual_after_activation);
}

/// What of the epilogue happens in registers: the early residual with the first depths, bias and clamp with the last.
NACRE_INLINE void add_epilogue(const Walk& w, Tile& t) {
  const Epilogue& e = w.args.epilogue;
  t.accumulate = w.depth > 0 || w.args.accumulate;
  bool is_last = w.depth + w.depth_count >= w.args.k;
  t.clamp = is_last && (e.activation == Activation::relu || e.activation == Activation::clip);
  t.low = e.activation == Activation::clip ? e.alpha : 0;
  t.high = e.activation == Activation::clip ? e.beta : __builtin_inff();
  t.residual_stride = e.residual_stride;
  t.residual_scale = e.residual_scale;
}

NACRE_INLINE void place_epilogue(const Walk& w, int64_t row, int64_t column, Tile& t) {
  const Epilogue& e = w.args.epilogue;
  bool is_last = w.depth + w.depth_count >= w.args.k;
  t.bias_columns = is_last && e.bias_columns ? e.bias_columns + column : nullptr;
  t.bias_rows = is_last && e.bias_rows ? e.bias_rows + row : nullptr;
  bool adds_residual = w.depth == 0 && e.residual && !e.residual_after_activation;
  t.residual = adds_residual ? e.residual + row * e.residual_stride + column : nullptr;
}

NACRE_INLINE void finish_tile(const Walk& w, int64_t row, int64_t rows, int64_t column, const Tile& t) {
  const Epilogue& e = w.args.epilogue;
  bool is_late = e.residual && e.residual_after_activation;
  activate_block(e, is_late ? e.residual + row * e.residual_stride + column : nullptr, t.c, t.ldc, rows, t.columns);
}

/// All tiles of one block of depth and columns.
void run_block(const Walk& w) {
  Staged staged;
  Tile t;
  t.depth = w.depth_count, t.lda = w.args.lda, t.ldc = w.args.ldc, t.b_step = w.b_step;
  t.few_rows = w.args.m < kFewRows;
  add_epilogue(w, t);
  bool finishes = w.depth + w.depth_count >= w.args.k && needs_second_pass(w.args.epilogue);
  int64_t row = w.row_begin;
  for (int64_t tiles = (w.row_end - row + kTileRows - 1) / kTileRows; tiles > 0; --tiles) {
    int64_t rows = (w.row_end - row + tiles - 1) / tiles;  // equal shares: no thin last tile
    t.a = w.args.a + row * w.args.lda + w.depth, t.lda = w.args.lda;
    t.b = w.panels;
    stage_rows(rows, w.column_limit - w.column, t, staged);
    for (int64_t column = w.column; column < w.column_limit; column += kPanel, t.b += w.panel_stride) {
      t.c = w.args.c + row * w.args.ldc + column;
      t.columns = min(w.column_end - column, int64_t{kPanel});
      place_epilogue(w, row, column, t);
      run_tile(rows, t);
      if (finishes) finish_tile(w, row, rows, column, t);
    }
    row += rows;
  }
}

/// b of the block as it lies, when rows are too few to pay for packing and no panel is cut short.
NACRE_INLINE bool runs_in_place(const Walk& w) {
  return w.args.b_layout == MatrixLayout::row_major && w.row_end - w.row_begin <= kTileRows && (w.column_limit - w.column) % kPanel == 0;
}

void place_panels(Walk& w, int64_t depth_stride) {
  const GemmArgs& args = w.args;
  w.b_step = kPanel;
  if (args.b_layout == MatrixLayout::packed) {
    w.panels = args.b + w.column * depth_stride + w.depth * kPanel;
    w.panel_stride = depth_stride * kPanel;
  } else if (runs_in_place(w)) {
    w.panels = args.b + w.depth * args.ldb + w.column;
    w.panel_stride = kPanel, w.b_step = args.ldb;
  } else {
    pack_block(args.b, args.ldb, args.b_layout == MatrixLayout::transposed, w.depth, w.depth_count, args.n, w.column, w.column_limit,
               args.scratch);
    w.panels = args.scratch;
    w.panel_stride = w.depth_count * kPanel;
  }
}

}  // namespace

GemmBlocking gemm_blocking(int64_t k) {
  int64_t blocks = max((k + kDepthBlock - 1) / kDepthBlock, int64_t{1});
  int64_t depth = max((k + blocks - 1) / blocks, int64_t{1});
  return {depth, max(kBlockFloats / depth / kPanel, int64_t{1}) * kPanel};
}

int64_t gemm_packed_size(int64_t k, int64_t n) { return (n + kPanel - 1) / kPanel * kPanel * k; }

void gemm_pack(const float* b, int64_t ldb, bool transposed, int64_t k, int64_t n, float* packed, int64_t column_begin,
               int64_t column_end) {
  column_begin = (column_begin + kPanel - 1) / kPanel * kPanel;
  pack_block(b, ldb, transposed, 0, k, n, column_begin, min(column_end, n), packed + column_begin * k);
}

int64_t gemm_scratch(int64_t k, int64_t n) {
  GemmBlocking blocking = gemm_blocking(k);
  return blocking.depth * min(blocking.columns, (n + kPanel - 1) / kPanel * kPanel);
}

void gemm(const GemmArgs& args) {
  int64_t column_end = args.column_end < 0 ? args.n : min(args.column_end, args.n);
  Walk w{args, args.row_begin, args.row_end < 0 ? args.m : args.row_end, column_end, 0, 0, 0, 0, nullptr, 0, 0};
  if (w.row_begin >= w.row_end) return;
  GemmBlocking blocking = gemm_blocking(args.k);
  for (w.column = args.column_begin; w.column < column_end; w.column = w.column_limit) {
    w.column_limit = min(w.column + blocking.columns, column_end);
    w.depth = 0;
    do {  // once even for k = 0: the product is zero, the epilogue still happens
      w.depth_count = min(args.k - w.depth, blocking.depth);
      place_panels(w, args.k);
      run_block(w);
      w.depth += w.depth_count;
    } while (w.depth < args.k);
  }
}

void transpose(const float* source, int64_t source_stride, float* target, int64_t target_stride, int64_t rows, int64_t columns) {
  for (int64_t row = 0; row < rows; row += kLanes)
    for (int64_t column = 0; column < columns; column += kLanes) {
      int64_t lanes = min(rows - row, int64_t{kLanes});
      transpose_block(source + row * source_stride + column, source_stride, lanes, min(columns - column, int64_t{kLanes}),
                      target + column * target_stride + row, target_stride, lanes);
    }
}

}  // namespace nacre::NACRE_ISA
