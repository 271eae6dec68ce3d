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
  uint32_t sum = 0;
  for (int64_t tap = 0; tap < args.taps; ++tap) sum += static_cast<uint32_t>(sum_of_bytes(x + args.tap_offsets[tap], args.depth, false));
  return static_cast<int32_t>(sum);
}

/// Whether sums of windows are multiplied with anything.
bool needs_windows(const CodeConvArgs& args) {
  const native::IntegerGemmArgs& f = args.finish;
  return args.finishes ? f.b_zero_points || f.b_zero_point + integer_zero_shift(false, f.b_signed) != 0 : args.weight_zeros != nullptr;
}

/// sums -= (sum of the row's window) * (zero of the column's weights).
void take_zeros(const CodeConvArgs& args, const int32_t* windows, int64_t rows, int64_t n, int64_t columns, int32_t* sums) {
  for (int64_t offset = 0; offset < columns; offset += kLanes) {
    const Vi zeros = load_ints(args.weight_zeros + n + offset, min(columns - offset, int64_t{kLanes}));
    for (int64_t row = 0; row < rows; ++row) {
      uint8_t* at = reinterpret_cast<uint8_t*>(sums + row * kPanel + offset);
      const Vi sum = load_group(at) - zeros * splat_int(windows[row]);
      __builtin_memcpy(at, &sum, sizeof sum);
    }
  }
}

/// From sums to steps of y's scale, and on to its codes.
struct Steps {
  CodeRange own;  // less the zero point
  CodeRange y;
  bool y_signed;
  Vf own_unit, residual_unit;
  Vi residual_zero;
  bool residual_signed;
};
Steps steps_of(const CodeConvArgs& args) {
  const native::Requantize& r = args.requantize;
  const native::CodeResidual& other = args.residual;
  Steps out{code_range(r.zero, r.is_signed), code_range(r.zero, r.is_signed), r.is_signed, {}, {}, {}, false};
  if (!other.codes) return out;
  out.own.zero = splat_int(0);
  out.y = code_range(other.y_scale.zero, other.y_scale.is_signed), out.y_signed = other.y_scale.is_signed;
  out.own_unit = splat(other.own_scale.scale / other.y_scale.scale), out.residual_unit = splat(other.scale.scale / other.y_scale.scale);
  out.residual_zero = splat_int(other.scale.zero), out.residual_signed = other.scale.is_signed;
  return out;
}

/// The code first, then the sum: as by two operators, without the memory between.
template <bool Adds>
NACRE_INLINE Vf steps(const Steps& s, Vi sum, Vf units, const uint8_t* residual, int64_t lanes) {
  const Vf own = to_float(sum) * units;
  if constexpr (Adds) {
    const Vf other = to_float(load_codes(residual, lanes, s.residual_signed) - s.residual_zero);
    return sum_of_codes(to_float(nearest_codes(own, s.own)), s.own_unit, other, s.residual_unit);
  } else {
    return own;
  }
}

/// A whole panel's width.
template <bool Adds>
NACRE_INLINE void store_panel(const CodeConvArgs& args, const Steps& s, const int32_t* sums, int64_t rows, int64_t n, int64_t at) {
  const native::Requantize& r = args.requantize;
  const Vi start_low = load_ints(r.start + n, kLanes), start_high = load_ints(r.start + n + kLanes, kLanes);
  const Vf units_low = load(r.units + n), units_high = load(r.units + n + kLanes);
  uint8_t* y = args.y + at;
  const uint8_t* residual = Adds ? args.residual.codes + at : nullptr;
  for (int64_t row = 0; row < rows; ++row, sums += kPanel, y += args.y_column) {
    const uint8_t* from = reinterpret_cast<const uint8_t*>(sums);
    const Vf low = steps<Adds>(s, load_group(from) + start_low, units_low, residual, kLanes);
    const Vf high = steps<Adds>(s, load_group(from + kLanes * 4) + start_high, units_high, residual + (Adds ? kLanes : 0), kLanes);
    store_two(y, low, high, s.y, s.y_signed);
    if constexpr (Adds) residual += args.y_column;
  }
}

template <bool Adds>
NACRE_INLINE void store_codes(const CodeConvArgs& args, const Steps& s, const int32_t* sums, int64_t rows, int64_t n, int64_t columns,
                              int64_t at) {
  const native::Requantize& r = args.requantize;
  for (int64_t offset = 0; offset < columns; offset += kLanes) {
    const int64_t lanes = min(columns - offset, int64_t{kLanes});
    const Vi start = load_ints(r.start + n + offset, lanes);
    const Vf units = load_lanes(r.units + n + offset, lanes);
    for (int64_t row = 0; row < rows; ++row) {
      const Vi sum = load_group(reinterpret_cast<const uint8_t*>(sums + row * kPanel + offset)) + start;
      const int64_t place = at + row * args.y_column + offset;
      const Vf value = steps<Adds>(s, sum, units, Adds ? args.residual.codes + place : nullptr, lanes);
      store_bytes(args.y + place, nearest_codes(value, s.y), lanes);
    }
  }
}

template <bool Adds>
void store(const CodeConvArgs& args, const Steps& s, const int32_t* sums, int64_t rows, int64_t n, int64_t columns, int64_t at) {
  if (columns == kPanel)
    store_panel<Adds>(args, s, sums, rows, n, at);
  else
    store_codes<Adds>(args, s, sums, rows, n, columns, at);
}

}  // namespace

/// finish's c and residual for the outputs from element `at` on.
native::IntegerGemmArgs finish_at(const native::IntegerGemmArgs& finish, int64_t y_column, int64_t at) {
  native::IntegerGemmArgs out = finish;
  out.c = static_cast<char*>(out.c) + at * 4, out.ldc = y_column;
  if (out.epilogue.floats.residual) out.epilogue.floats.residual += at;
  out.epilogue.floats.residual_stride = y_column;
  return out;
}

void conv_codes_with(const CodeConvArgs& args, const IntegerTiles& tiles) {
  const int64_t n_end = args.n_end < 0 ? args.n : min(args.n_end, args.n), bytes = panel_bytes(args);
  const int64_t block = max(kBlockBytes / bytes, int64_t{1}) * kPanel;
  const bool windowed = needs_windows(args);
  const Steps to_steps = steps_of(args);
  alignas(64) int32_t sums[kTileRows * kPanel];
  int32_t windows[kTileRows];
  IntegerTile t;
  t.depth = args.depth, t.lda = args.x_column, t.taps = args.tap_offsets, t.tap_count = args.taps, t.sums = sums;
  for (int64_t begin = args.n_begin; begin < n_end; begin += block)
    for (int64_t row = 0; row < args.rows; ++row) {
      int64_t column = 0;
      const native::IntegerGemmArgs finish = args.finishes ? finish_at(args.finish, args.y_column, row * args.y_row) : args.finish;
      for (int64_t left = (args.columns + tiles.most_rows - 1) / tiles.most_rows; left > 0; --left) {
        const int64_t positions = (args.columns - column + left - 1) / left;  // equal shares: no thin last tile
        t.a = args.x + row * args.x_row + column * args.x_column;
        for (int64_t i = 0; windowed && i < positions; ++i) windows[i] = sum_of_window(args, t.a + i * args.x_column);
        for (int64_t n = begin; n < min(begin + block, n_end); n += kPanel) {
          const uint8_t* panel = static_cast<const uint8_t*>(args.weights) + n / kPanel * bytes;
          t.b = panel + kPanel * 4;
          t.columns = min(n_end - n, int64_t{kPanel});
          tiles.run(positions, false, t);
          if (args.finishes) {
            integer_finish(
                finish, {column, positions, n, t.columns, args.taps * args.depth, reinterpret_cast<const int32_t*>(panel), windows, sums});
            continue;
          }
          if (windowed) take_zeros(args, windows, positions, n, t.columns, sums);
          const int64_t at = row * args.y_row + column * args.y_column + n;
          (args.residual.codes ? store<true> : store<false>)(args, to_steps, sums, positions, n, t.columns, at);
        }
        column += positions;
      }
    }
}

}  // namespace nacre::NACRE_ISA
