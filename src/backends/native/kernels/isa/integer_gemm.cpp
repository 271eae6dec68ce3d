// Products of 8-bit integers: b in panels of two vectors of four depths each, behind the panel's column sums; a in place. All the
// depth at once, as the sums have nowhere else to wait. Loops, outermost first: block of columns (its part of b stays in the
// second-level cache), tile of rows, panel.
#define NACRE_BYTE_DOTS 0
#include "backends/native/kernels/integer_tile.h"

namespace nacre::NACRE_ISA {

using native::IntegerEpilogue;
using native::IntegerGemmArgs;
using native::IntegerOutput;
using native::IntegerPackArgs;

namespace {

constexpr int64_t kBlockBytes = int64_t{256} << 10;  // of b

NACRE_INLINE int64_t panel_bytes(int64_t k, int64_t taps) { return kPanel * 4 * (1 + taps * ((k + 3) / 4)); }

/// Bytes are flipped where the product wants the other signedness: b is signed where a is not.
NACRE_INLINE uint8_t flip_of(bool a_signed, bool b_signed) { return a_signed == b_signed ? 0x80 : 0; }

/// Up to four depths of one panel's columns, interleaved; what is missing are zeros.
struct GroupSource {
  const uint8_t* first;
  int64_t depth_step, column_step;
  int64_t depths, columns;
  uint8_t flip;
};

NACRE_INLINE void pack_group(const GroupSource& s, uint8_t* target) {
  if (s.depth_step == 1 && s.depths == 4) {  // a word a column
    for (int64_t column = 0; column < s.columns; ++column) {
      uint32_t word;
      __builtin_memcpy(&word, s.first + column * s.column_step, 4);
      word ^= s.flip * 0x01010101u;
      __builtin_memcpy(target + 4 * column, &word, 4);
    }
    return;
  }
  for (int64_t depth = 0; depth < s.depths; ++depth) {
    const uint8_t* row = s.first + depth * s.depth_step;
    if (s.column_step == 1 && s.columns == kPanel)
      for (int64_t column = 0; column < kPanel; ++column) target[4 * column + depth] = row[column] ^ s.flip;
    else
      for (int64_t column = 0; column < s.columns; ++column) target[4 * column + depth] = row[column * s.column_step] ^ s.flip;
  }
}

void sum_columns(const uint8_t* groups, int64_t count, bool is_signed, int32_t* sums) {
  Vi total[2] = {};
  const Vi flip = splat_int(is_signed ? static_cast<int32_t>(0x80808080u) : 0), byte = splat_int(255),
           shift = splat_int(is_signed ? 512 : 0);
  for (int64_t group = 0; group < count; ++group)
    for (Vi& sum : total) {
      const Vi v = load_group(groups) ^ flip;  // a signed byte is an unsigned one less 128
      sum += (v & byte) + ((v >> 8) & byte) + ((v >> 16) & byte) + ((v >> 24) & byte) - shift;
      groups += 4 * kLanes;
    }
  __builtin_memcpy(sums, total, sizeof total);
}

void pack_panel(const IntegerPackArgs& args, int64_t column, uint8_t* panel) {
  const int64_t groups = (args.k + 3) / 4;
  __builtin_memset(panel, 0, static_cast<size_t>(panel_bytes(args.k, args.taps)));
  GroupSource s;
  s.depth_step = args.transposed ? 1 : args.ldb, s.column_step = args.transposed ? args.ldb : 1;
  s.columns = min(args.n - column, int64_t{kPanel});
  s.flip = flip_of(args.a_signed, args.b_signed);
  uint8_t* target = panel + kPanel * 4;
  for (int64_t tap = 0; tap < args.taps; ++tap)
    for (int64_t depth = 0; depth < args.k; depth += 4, target += kPanel * 4) {
      s.first = static_cast<const uint8_t*>(args.b) + (tap * args.k + depth) * s.depth_step + column * s.column_step;
      s.depths = min(args.k - depth, int64_t{4});
      pack_group(s, target);
    }
  sum_columns(panel + kPanel * 4, args.taps * groups, !args.a_signed, reinterpret_cast<int32_t*>(panel));
}

}  // namespace

int32_t integer_zero_shift(bool a_signed, bool b_signed) { return a_signed == b_signed ? (b_signed ? 128 : -128) : 0; }

int64_t integer_packed_size(int64_t k, int64_t n, int64_t taps) { return (n + kPanel - 1) / kPanel * panel_bytes(k, taps); }

void integer_pack(const IntegerPackArgs& args) {
  const int64_t end = args.column_end < 0 ? args.n : min(args.column_end, args.n);
  const int64_t begin = (args.column_begin + kPanel - 1) / kPanel;
  uint8_t* panel = static_cast<uint8_t*>(args.packed) + begin * panel_bytes(args.k, args.taps);
  for (int64_t column = begin * kPanel; column < end; column += kPanel, panel += panel_bytes(args.k, args.taps))
    pack_panel(args, column, panel);
}

void integer_gemm_with(const IntegerGemmArgs& args, const IntegerTiles& tiles) {
  const int64_t row_end = args.row_end < 0 ? args.m : args.row_end,
                column_end = args.column_end < 0 ? args.n : min(args.column_end, args.n);
  const int64_t bytes = panel_bytes(args.k, 1), block = max(kBlockBytes / bytes, int64_t{1}) * kPanel;
  const bool sums_rows = args.b_zero_points || args.b_zero_point + integer_zero_shift(args.a_signed, args.b_signed) != 0;
  alignas(64) int32_t sums[kTileRows * kPanel];
  int32_t row_sums[kTileRows];
  IntegerTile t;
  t.depth = args.k, t.lda = args.lda, t.sums = sums;
  for (int64_t begin = args.column_begin; begin < column_end; begin += block) {
    int64_t row = args.row_begin;
    for (int64_t left = (row_end - row + tiles.most_rows - 1) / tiles.most_rows; left > 0; --left) {
      const int64_t rows = (row_end - row + left - 1) / left;  // equal shares: no thin last tile
      t.a = static_cast<const uint8_t*>(args.a) + row * args.lda;
      for (int64_t i = 0; sums_rows && i < rows; ++i) row_sums[i] = sum_of_bytes(t.a + i * args.lda, args.k, args.a_signed);
      for (int64_t column = begin; column < min(begin + block, column_end); column += kPanel) {
        const uint8_t* panel = static_cast<const uint8_t*>(args.b) + column / kPanel * bytes;
        t.b = panel + kPanel * 4;
        t.columns = min(column_end - column, int64_t{kPanel});
        tiles.run(rows, args.a_signed, t);
        integer_finish(args, {row, rows, column, t.columns, args.k, reinterpret_cast<const int32_t*>(panel), row_sums, sums});
      }
      row += rows;
    }
  }
}

void integer_gemm(const IntegerGemmArgs& args) { integer_gemm_with(args, {run_integer_tile, kIntegerRows}); }
void conv_codes(const native::CodeConvArgs& args) { conv_codes_with(args, {run_integer_tile, kIntegerRows}); }

}  // namespace nacre::NACRE_ISA
