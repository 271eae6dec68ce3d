// Convolution of 8-bit codes with channels last, without im2col: as conv_taps.cpp, on the tiles of integer_tile.h. All taps and
// depths of a tile are summed at once; its sums lie in the first-level cache when they become codes.
#include "backends/native/kernels/codes.h"
#define NACRE_BYTE_DOTS 0
#include "backends/native/kernels/integer_tile.h"
#include "backends/native/kernels/isa/code_vectors.h"

namespace nacre::NACRE_ISA {

using native::CodeConvArgs;

namespace {

constexpr int64_t kBlockBytes = int64_t{256} << 10;  // of weights

NACRE_INLINE int64_t panel_bytes(const CodeConvArgs& args) { return kPanel * 4 * (1 + args.taps * ((args.depth + 3) / 4)); }

int32_t sum_of_window(const CodeConvArgs& args, const uint8_t* x) {
  int32_t sum = 0;
  for (int64_t tap = 0; tap < args.taps; ++tap)
    for (int64_t i = 0; i < args.depth; ++i) sum += x[args.tap_offsets[tap] + i];
  return sum;
}

/// sums -= (sum of the row's window) * (zero of the column's weights).
void take_zeros(const CodeConvArgs& args, const uint8_t* x, int64_t rows, int64_t n, int64_t columns, int32_t* sums) {
  for (int64_t row = 0; row < rows; ++row) {
    const int32_t window = sum_of_window(args, x + row * args.x_column);
    for (int64_t column = 0; column < columns; ++column) sums[row * kPanel + column] -= window * args.weight_zeros[n + column];
  }
}

/// A whole panel's width.
NACRE_INLINE void store_panel(const CodeConvArgs& args, const int32_t* sums, int64_t rows, int64_t n, uint8_t* y) {
  const native::Requantize& r = args.requantize;
  const CodeRange range = code_range(r.zero, r.is_signed);
  const Vi start_low = load_ints(r.start + n, kLanes), start_high = load_ints(r.start + n + kLanes, kLanes);
  const Vf units_low = load(r.units + n), units_high = load(r.units + n + kLanes);
  for (int64_t row = 0; row < rows; ++row, sums += kPanel, y += args.y_column) {
    const uint8_t* from = reinterpret_cast<const uint8_t*>(sums);
    const Vi low = load_group(from) + start_low, high = load_group(from + kLanes * 4) + start_high;
    store_two(y, to_float(low) * units_low, to_float(high) * units_high, range, r.is_signed);
  }
}

NACRE_INLINE void store_codes(const CodeConvArgs& args, const int32_t* sums, int64_t rows, int64_t n, int64_t columns, uint8_t* y) {
  const native::Requantize& r = args.requantize;
  const CodeRange range = code_range(r.zero, r.is_signed);
  for (int64_t offset = 0; offset < columns; offset += kLanes) {
    const int64_t lanes = min(columns - offset, int64_t{kLanes});
    const Vi start = load_ints(r.start + n + offset, lanes);
    const Vf units = load_lanes(r.units + n + offset, lanes);
    for (int64_t row = 0; row < rows; ++row) {
      const Vi sum = load_group(reinterpret_cast<const uint8_t*>(sums + row * kPanel + offset)) + start;
      store_bytes(y + row * args.y_column + offset, nearest_codes(to_float(sum) * units, range), lanes);
    }
  }
}

}  // namespace

void conv_codes_with(const CodeConvArgs& args, const IntegerTiles& tiles) {
  const int64_t n_end = args.n_end < 0 ? args.n : min(args.n_end, args.n), bytes = panel_bytes(args);
  const int64_t block = max(kBlockBytes / bytes, int64_t{1}) * kPanel;
  alignas(64) int32_t sums[kTileRows * kPanel];
  IntegerTile t;
  t.depth = args.depth, t.lda = args.x_column, t.taps = args.tap_offsets, t.tap_count = args.taps, t.sums = sums;
  for (int64_t begin = args.n_begin; begin < n_end; begin += block)
    for (int64_t row = 0; row < args.rows; ++row) {
      int64_t column = 0;
      for (int64_t left = (args.columns + tiles.most_rows - 1) / tiles.most_rows; left > 0; --left) {
        const int64_t positions = (args.columns - column + left - 1) / left;  // equal shares: no thin last tile
        t.a = args.x + row * args.x_row + column * args.x_column;
        for (int64_t n = begin; n < min(begin + block, n_end); n += kPanel) {
          t.b = static_cast<const uint8_t*>(args.weights) + n / kPanel * bytes + kPanel * 4;
          t.columns = min(n_end - n, int64_t{kPanel});
          tiles.run(positions, false, t);
          if (args.weight_zeros) take_zeros(args, t.a, positions, n, t.columns, sums);
          uint8_t* y = args.y + row * args.y_row + column * args.y_column + n;
          if (t.columns == kPanel)
            store_panel(args, sums, positions, n, y);
          else
            store_codes(args, sums, positions, n, t.columns, y);
        }
        column += positions;
      }
    }
}

}  // namespace nacre::NACRE_ISA
