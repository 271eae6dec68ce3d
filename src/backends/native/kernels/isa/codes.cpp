// Sums, products and pools of 8-bit codes, and what codes stand for.
#include "backends/native/kernels/codes.h"

#include "backends/native/kernels/isa/code_vectors.h"

namespace nacre::NACRE_ISA {

using native::CodeBinary;
using native::CodeBinaryArgs;
using native::CodePoolArgs;
using native::CodeScale;
using native::Pooling;

namespace {

struct Operand {
  const uint8_t* codes;
  int64_t stride;
  Vi zero;
  bool is_signed;
};

NACRE_INLINE Vf value_at(const Operand& x, int64_t i, int64_t lanes) {
  if (x.stride == 0) return to_float(splat_int(x.is_signed ? static_cast<int8_t>(x.codes[0]) : x.codes[0]) - x.zero);
  return to_float(load_codes(x.codes + i, lanes, x.is_signed) - x.zero);
}

template <class Combine>
NACRE_INLINE void combine_codes(const CodeBinaryArgs& args, Combine combine) {
  const Operand a{args.a, args.a_stride, splat_int(args.a_scale.zero), args.a_scale.is_signed};
  const Operand b{args.b, args.b_stride, splat_int(args.b_scale.zero), args.b_scale.is_signed};
  const CodeRange range = code_range(args.y_scale.zero, args.y_scale.is_signed);
  for_vectors(args.n, [&](int64_t i, int64_t lanes) __attribute__((always_inline)) {
    store_bytes(args.y + i, nearest_codes(combine(value_at(a, i, lanes), value_at(b, i, lanes)), range), lanes);
  });
}

/// Taps [begin, end) of an axis that fall on input, and those that fall on padding too.
struct Taps {
  int64_t begin, end, padded;
};
NACRE_INLINE Taps taps_of(const native::Window& w, int axis, int64_t position) {
  const int64_t start = position * w.stride[axis] - w.pad_begin[axis], dilation = w.dilation[axis];
  const int64_t begin = start >= 0 ? 0 : (-start + dilation - 1) / dilation;
  const int64_t end = start >= w.input[axis] ? 0 : (w.input[axis] - start + dilation - 1) / dilation;
  const int64_t room = w.input[axis] + w.pad_end[axis] - start;
  return {begin, max(begin, min(end, w.kernel[axis])), max(int64_t{0}, min(w.kernel[axis], (room + dilation - 1) / dilation))};
}

template <class Visit>
NACRE_INLINE void for_taps(const CodePoolArgs& args, int64_t row, const Taps& rows, int64_t column, const Taps& columns, Visit visit) {
  const native::Window& w = args.window;
  for (int64_t i = rows.begin; i < rows.end; ++i)
    for (int64_t j = columns.begin; j < columns.end; ++j) {
      const int64_t y = row * w.stride[0] - w.pad_begin[0] + i * w.dilation[0],
                    x = column * w.stride[1] - w.pad_begin[1] + j * w.dilation[1];
      visit(args.x + (y * w.input[1] + x) * args.channels);
    }
}

typedef uint8_t Vb __attribute__((vector_size(kLanes * 4)));

NACRE_INLINE Vb load_bytes(const uint8_t* x) {
  Vb v;
  __builtin_memcpy(&v, x, sizeof v);
  return v;
}

/// Flipped, int8 codes are in the order of uint8 ones.
void greatest(const CodePoolArgs& args, int64_t row, const Taps& rows, int64_t column, const Taps& columns, uint8_t* y) {
  const uint8_t flip = args.x_scale.is_signed ? 0x80 : 0;
  constexpr int64_t kBytes = 4 * kLanes;
  int64_t c = 0;
  for (; c + kBytes <= args.channels; c += kBytes) {
    Vb most{};
    for_taps(args, row, rows, column, columns, [&](const uint8_t* x) __attribute__((always_inline)) {
      const Vb codes = load_bytes(x + c) ^ flip;
      most = most > codes ? most : codes;
    });
    most ^= flip;
    __builtin_memcpy(y + c, &most, sizeof most);
  }
  for (; c < args.channels; ++c) {
    uint8_t most = 0;
    for_taps(args, row, rows, column, columns, [&](const uint8_t* x) __attribute__((always_inline)) {
      const uint8_t code = x[c] ^ flip;
      most = most > code ? most : code;
    });
    y[c] = most ^ flip;
  }
}

void mean(const CodePoolArgs& args, int64_t row, const Taps& rows, int64_t column, const Taps& columns, uint8_t* y) {
  const int64_t inside = (rows.end - rows.begin) * (columns.end - columns.begin);
  const int64_t count = args.pooling == Pooling::average ? inside : rows.padded * columns.padded;
  __builtin_memset(args.sums, 0, static_cast<size_t>(args.channels) * 4);
  for_taps(args, row, rows, column, columns, [&](const uint8_t* x) __attribute__((always_inline)) {
    for_vectors(args.channels, [&](int64_t c, int64_t lanes) __attribute__((always_inline)) {
      const Vi sum = load_ints(args.sums + c, lanes) + load_codes(x + c, lanes, args.x_scale.is_signed);
      store_lanes(reinterpret_cast<float*>(args.sums + c), from_bits(sum), lanes);
    });
  });
  const Vf unit = splat(args.x_scale.scale / (args.y_scale.scale * static_cast<float>(count)));
  const Vi shift = splat_int(static_cast<int32_t>(inside * args.x_scale.zero));
  const CodeRange range = code_range(args.y_scale.zero, args.y_scale.is_signed);
  for_vectors(args.channels, [&](int64_t c, int64_t lanes) __attribute__((always_inline)) {
    store_bytes(y + c, nearest_codes(to_float(load_ints(args.sums + c, lanes) - shift) * unit, range), lanes);
  });
}

}  // namespace

void binary_codes(const CodeBinaryArgs& args) {
  if (args.kind == CodeBinary::add) {
    const Vf a_unit = splat(args.a_scale.scale / args.y_scale.scale), b_unit = splat(args.b_scale.scale / args.y_scale.scale);
    combine_codes(args, [=](Vf a, Vf b) __attribute__((always_inline)) { return sum_of_codes(a, a_unit, b, b_unit); });
  } else {
    const Vf unit = splat(args.a_scale.scale * args.b_scale.scale / args.y_scale.scale);
    combine_codes(args, [=](Vf a, Vf b) __attribute__((always_inline)) { return a * b * unit; });
  }
}

void pool_codes(const CodePoolArgs& args) {
  for (int64_t row = args.row_begin; row < args.row_end; ++row) {
    const Taps rows = taps_of(args.window, 0, row);
    for (int64_t column = 0; column < args.window.output[1]; ++column) {
      const Taps columns = taps_of(args.window, 1, column);
      uint8_t* y = args.y + (row * args.window.output[1] + column) * args.channels;
      (args.pooling == Pooling::max ? greatest : mean)(args, row, rows, column, columns, y);
    }
  }
}

void dequantize(const uint8_t* x, const CodeScale& scale, float* y, int64_t n) {
  const Vf unit = splat(scale.scale);
  const Vi zero = splat_int(scale.zero);
  for_vectors(n, [&](int64_t i, int64_t lanes) __attribute__((always_inline)) {
    store_lanes(y + i, to_float(load_codes(x + i, lanes, scale.is_signed) - zero) * unit, lanes);
  });
}

}  // namespace nacre::NACRE_ISA
