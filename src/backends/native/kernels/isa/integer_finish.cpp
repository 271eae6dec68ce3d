// What becomes of the sums of an integer tile: zero points, scales, epilogue, quantization. They lie in the first-level cache, so
// that each step passes over them again: registers are the tile's.
#include "backends/native/kernels/isa/code_vectors.h"

namespace nacre::NACRE_ISA {

using native::IntegerEpilogue;
using native::IntegerGemmArgs;
using native::IntegerOutput;

namespace {

typedef uint32_t Sums __attribute__((vector_size(kLanes * 4)));
typedef double Vd __attribute__((vector_size(kLanes * 8)));

NACRE_INLINE Sums b_zeros(const IntegerGemmArgs& args, int64_t column, int64_t lanes, int32_t shift) {
  const Vi zero = args.b_zero_points ? load_ints(args.b_zero_points + column, lanes) : splat_int(args.b_zero_point);
  return (Sums)zero + (Sums)splat_int(shift);
}

/// sum - a_zero (column_sum - depth b_zero) - b_zero row_sum + bias, modulo 2^32.
void centre(const IntegerGemmArgs& args, const IntegerBlock& block) {
  const int32_t shift = integer_zero_shift(args.a_signed, args.b_signed);
  const bool has_b = args.b_zero_points || args.b_zero_point + shift != 0, has_a = args.a_zero_points || args.a_zero_point != 0;
  const int32_t* bias = args.epilogue.bias_sums;
  if (!has_a && !has_b && !bias) return;
  for (int64_t offset = 0; offset < block.columns; offset += kLanes) {
    const int64_t lanes = min(block.columns - offset, int64_t{kLanes});
    const Sums b_zero = b_zeros(args, block.column + offset, lanes, shift);
    const Sums own = (Sums)load_ints(block.column_sums + offset, kLanes) - b_zero * (Sums)splat_int(static_cast<int32_t>(block.depth));
    Sums same = bias ? (Sums)load_ints(bias + block.column + offset, lanes) : Sums{};
    if (has_a && !args.a_zero_points) same -= own * (Sums)splat_int(args.a_zero_point);
    for (int64_t row = 0; row < block.rows; ++row) {
      int32_t* sums = block.sums + row * kPanel + offset;
      Sums sum = (Sums)load_ints(sums, kLanes) + same;
      if (args.a_zero_points) sum -= own * (Sums)splat_int(args.a_zero_points[block.row + row]);
      if (has_b) sum -= b_zero * (Sums)splat_int(block.row_sums[row]);
      store_ints(sums, (Vi)sum, kLanes);
    }
  }
}

NACRE_INLINE Vf scales_of(const IntegerGemmArgs& args, const IntegerBlock& block, int64_t row, int64_t offset, int64_t lanes) {
  const IntegerEpilogue& e = args.epilogue;
  const Vf column = e.column_scales ? load_lanes(e.column_scales + block.column + offset, lanes) : splat(e.scale);
  return e.row_scales ? column * splat(e.row_scales[block.row + row]) : column;
}

/// visit(row, offset, lanes) for every vector of the block.
template <class Visit>
NACRE_INLINE void for_block(const IntegerBlock& block, Visit visit) {
  for (int64_t row = 0; row < block.rows; ++row)
    for (int64_t offset = 0; offset < block.columns; offset += kLanes) visit(row, offset, min(block.columns - offset, int64_t{kLanes}));
}

NACRE_INLINE bool needs_second_pass(const Epilogue& e) {
  bool is_clamp = e.activation == Activation::none || e.activation == Activation::relu || e.activation == Activation::clip;
  return !is_clamp || e.scale != 1 || e.shift != 0 || (e.residual && e.residual_after_activation);
}

/// As floats, through the epilogue, to c or, when they become bytes yet, to where the sums were.
void to_floats(const IntegerGemmArgs& args, const IntegerBlock& block, float* c, int64_t ldc) {
  const Epilogue& e = args.epilogue.floats;
  const bool clamps = e.activation == Activation::relu || e.activation == Activation::clip,
             early = e.residual && !e.residual_after_activation;
  const Vf low = splat(e.activation == Activation::clip ? e.alpha : 0),
           high = splat(e.activation == Activation::clip ? e.beta : __builtin_inff());
  const float* residual = e.residual ? e.residual + block.row * e.residual_stride + block.column : nullptr;
  for_block(block, [&](int64_t row, int64_t offset, int64_t lanes) __attribute__((always_inline)) {
    Vf y = rounded(to_float(load_ints(block.sums + row * kPanel + offset, kLanes)) * scales_of(args, block, row, offset, lanes));
    if (e.bias_columns) y += load_lanes(e.bias_columns + block.column + offset, lanes);
    if (e.bias_rows) y += splat(e.bias_rows[block.row + row]);
    if (early) y += rounded(splat(e.residual_scale) * load_lanes(residual + row * e.residual_stride + offset, lanes));
    if (clamps) {
      y = select(y < low, low, y);
      y = select(y > high, high, y);
    }
    store_lanes(c + row * ldc + offset, y, lanes);
  });
  if (needs_second_pass(e)) activate_block(e, e.residual_after_activation ? residual : nullptr, c, ldc, block.rows, block.columns);
}

struct Limits {
  int32_t least, most, zero;
};
Limits limits_of(const IntegerEpilogue& e) {
  const bool is_signed = e.output == IntegerOutput::int8;
  return {is_signed ? -128 : 0, is_signed ? 127 : 255, e.output_zero_point};
}

/// In float64, where a 32-bit sum times a float32 is exact but for its last bits. Bounds first: NaN becomes the least.
NACRE_INLINE Vi exact_levels(Vi sums, Vf scales, const Limits& limits) {
  const double least = limits.least - limits.zero, most = limits.most - limits.zero;
  const double magic = 6755399441055744.0;  // 1.5 * 2^52: adding it rounds to even
  Vd y = __builtin_convertvector(sums, Vd) * __builtin_convertvector(scales, Vd);
  y = y > least ? y : least - Vd{};
  y = y < most ? y : most - Vd{};
  y = (y + magic) - magic;
  return __builtin_convertvector(y, Vi) + splat_int(limits.zero);
}

NACRE_INLINE Vi levels(Vf x, Vf scale, Vf zero, Vf least, Vf most) { return to_int(min(max(round_even(x / scale) + zero, least), most)); }

void to_bytes(const IntegerGemmArgs& args, const IntegerBlock& block, uint8_t* c) {
  const IntegerEpilogue& e = args.epilogue;
  const Limits limits = limits_of(e);
  const Vf scale = splat(e.output_scale), zero = splat(static_cast<float>(limits.zero)), least = splat(static_cast<float>(limits.least)),
           most = splat(static_cast<float>(limits.most));
  for_block(block, [&](int64_t row, int64_t offset, int64_t lanes) __attribute__((always_inline)) {
    const Vi sums = load_ints(block.sums + row * kPanel + offset, kLanes);
    const Vi y = e.multiplies_exactly ? exact_levels(sums, scales_of(args, block, row, offset, lanes), limits)
                                      : levels(from_bits(sums), scale, zero, least, most);
    store_bytes(c + row * args.ldc + offset, y, lanes);
  });
}

}  // namespace

void integer_finish(const IntegerGemmArgs& args, const IntegerBlock& block) {
  centre(args, block);
  const int64_t corner = block.row * args.ldc + block.column;
  switch (args.epilogue.output) {
    case IntegerOutput::int32: {
      int32_t* c = static_cast<int32_t*>(args.c) + corner;
      for_block(block, [&](int64_t row, int64_t offset, int64_t lanes) __attribute__((always_inline)) {
        store_ints(c + row * args.ldc + offset, load_ints(block.sums + row * kPanel + offset, kLanes), lanes);
      });
      return;
    }
    case IntegerOutput::float32: return to_floats(args, block, static_cast<float*>(args.c) + corner, args.ldc);
    case IntegerOutput::uint8:
    case IntegerOutput::int8: {
      if (!args.epilogue.multiplies_exactly) to_floats(args, block, reinterpret_cast<float*>(block.sums), kPanel);
      return to_bytes(args, block, static_cast<uint8_t*>(args.c) + corner);
    }
  }
}

void range_with_zero(const float* x, int64_t n, float* low, float* high) {
  Vf least{}, most{};
  for_vectors(n, [&](int64_t i, int64_t lanes) __attribute__((always_inline)) {
    const Vf v = load_lanes(x + i, lanes);
    least = min(v, least);
    most = max(v, most);
  });
  *low = -max_of_lanes(-least);
  *high = max_of_lanes(most);
}

void quantize(const float* x, float scale, int32_t zero_point, bool is_signed, void* y, int64_t n) {
  const Vf divisor = splat(scale), zero = splat(static_cast<float>(zero_point)), least = splat(is_signed ? -128 : 0),
           most = splat(is_signed ? 127 : 255);
  for_vectors(n, [&](int64_t i, int64_t lanes) __attribute__((always_inline)) {
    store_bytes(static_cast<uint8_t*>(y) + i, levels(load_lanes(x + i, lanes), divisor, zero, least, most), lanes);
  });
}

}  // namespace nacre::NACRE_ISA
