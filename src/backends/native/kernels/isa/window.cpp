// Depthwise convolution and pooling: one plane at a time, vectors along the width. The rows a block of output rows needs are
// copied once, padded and split by the column stride (column c goes to part c % stride), so that every tap of every stride and
// dilation reads neighbouring floats and no edge needs a case of its own.
#include "backends/native/kernels/isa/local.h"

namespace nacre::NACRE_ISA {

using native::DepthwiseArgs;
using native::PoolArgs;
using native::Pooling;
using native::Window;

namespace {

constexpr int64_t kScratchFloats = 4 * 1024;  // a third of the first-level cache

/// How padded rows lie in the scratch.
struct Layout {
  int64_t part;         // floats of one part of a row
  int64_t row;          // floats of a row: all its parts
  int64_t output_rows;  // rows of output that one filling serves
  int64_t step;         // from one tap's column to the next: floats within a part,
  int64_t part_step;    // and parts
};

NACRE_INLINE Layout layout_of(const Window& w) {
  int64_t part = w.output[1] + (w.kernel[1] - 1) * w.dilation[1] / w.stride[1] + 1 + kLanes;
  int64_t row = part * w.stride[1];
  int64_t halo = (w.kernel[0] - 1) * w.dilation[0] + 1;
  int64_t fitting = (kScratchFloats / row - halo) / w.stride[0] + 1;
  return {part, row, max(min(fitting, w.output[0]), int64_t{1}), w.dilation[1] / w.stride[1], w.dilation[1] % w.stride[1]};
}

NACRE_INLINE int64_t rows_for(const Window& w, int64_t output_rows) {
  return (output_rows - 1) * w.stride[0] + (w.kernel[0] - 1) * w.dilation[0] + 1;
}

NACRE_INLINE void fill(float* target, int64_t n, float value) {
  for_vectors(n, [=](int64_t i, int64_t lanes) { store_lanes(target + i, splat(value), lanes); });
}

/// `count` floats of every second one at `from`. Whole vectors are written, `padding` behind the last: the part or row behind
/// begins with padding or is written later.
NACRE_INLINE void copy_even(const float* from, int64_t count, Vf padding, float* to) {
  int64_t left = 2 * count - 1;
  for (int64_t i = 0; i < count; i += kLanes, left -= 2 * kLanes) {
    Vf low = load_lanes_or(from + 2 * i, min(left, int64_t{kLanes}), padding);
    Vf high = left > kLanes ? load_lanes_or(from + 2 * i + kLanes, min(left - kLanes, int64_t{kLanes}), padding) : padding;
    store(to + i, even_lanes(low, high));
  }
}

/// Splits one input row over the parts: input column i is padded column i + pad.
NACRE_INLINE void split_row(const Window& w, const Layout& layout, const float* source, float padding, float* target) {
  int64_t stride = w.stride[1], pad = w.pad_begin[1];
  for (int64_t part = 0; part < stride; ++part) {
    int64_t first = pad > part ? (pad - part + stride - 1) / stride : 0;  // the first index whose column is no padding
    int64_t available = w.input[1] - (first * stride + part - pad);
    int64_t count = available > 0 ? min((available + stride - 1) / stride, layout.part - first) : 0;
    if (count <= 0) continue;
    const float* from = source + first * stride + part - pad;
    float* to = target + part * layout.part + first;
    if (stride == 1)
      for_vectors(count, [=](int64_t i, int64_t lanes) { store_lanes(to + i, load_lanes(from + i, lanes), lanes); });
    else if (stride == 2)
      copy_even(from, count, splat(padding), to);
    else
      for (int64_t i = 0; i < count; ++i) to[i] = from[i * stride];
  }
}

void fill_rows(const Window& w, const Layout& layout, const float* plane, int64_t first_padded_row, int64_t rows, float padding,
               float* scratch) {
  fill(scratch, rows * layout.row, padding);
  for (int64_t row = 0; row < rows; ++row) {
    int64_t input_row = first_padded_row + row - w.pad_begin[0];
    if (input_row >= 0 && input_row < w.input[0]) split_row(w, layout, plane + input_row * w.input[1], padding, scratch + row * layout.row);
  }
}

enum class Work { multiply, largest, sum };

/// One stretch of an output row: all taps over Vectors vectors. Kernel > 0 fixes a square kernel's size at compile time.
template <Work Kind, int Vectors, int Kernel>
NACRE_INLINE void sweep(const Window& w, const Layout& layout, const float* rows, const float* weights, Vf start, float* y, int64_t n) {
  const int64_t kernel_rows = Kernel ? Kernel : w.kernel[0], kernel_columns = Kernel ? Kernel : w.kernel[1];
  Vf sum[Vectors];
  for (int v = 0; v < Vectors; ++v) sum[v] = start;
#pragma GCC unroll 5
  for (int64_t row = 0; row < kernel_rows; ++row) {
    const float* line = rows + row * w.dilation[0] * layout.row;
    int64_t index = 0, part = 0;
#pragma GCC unroll 5
    for (int64_t column = 0; column < kernel_columns; ++column) {
      const float* tap = line + part * layout.part + index;
      for (int v = 0; v < Vectors; ++v) {
        Vf x = load(tap + v * kLanes);
        if constexpr (Kind == Work::multiply) sum[v] += splat(weights[row * kernel_columns + column]) * x;
        if constexpr (Kind == Work::largest) sum[v] = max(x, sum[v]);
        if constexpr (Kind == Work::sum) sum[v] += x;
      }
      index += layout.step, part += layout.part_step;
      if (part >= w.stride[1]) part -= w.stride[1], ++index;
    }
  }
  for (int v = 0; v < Vectors; ++v) store_lanes(y + v * kLanes, sum[v], min(n - v * kLanes, int64_t{kLanes}));
}

template <Work Kind, int Kernel>
void sweep_row(const Window& w, const Layout& layout, const float* rows, const float* weights, float start, float* y) {
  int64_t column = 0, n = w.output[1];
  for (; column + 3 * kLanes < n; column += 4 * kLanes)
    sweep<Kind, 4, Kernel>(w, layout, rows + column, weights, splat(start), y + column, n - column);
  for (; column + kLanes < n; column += 2 * kLanes)
    sweep<Kind, 2, Kernel>(w, layout, rows + column, weights, splat(start), y + column, n - column);
  if (column < n) sweep<Kind, 1, Kernel>(w, layout, rows + column, weights, splat(start), y + column, n - column);
}

using RowSweep = void (*)(const Window&, const Layout&, const float*, const float*, float, float*);

template <Work Kind>
RowSweep sweep_for(const Window& w) {
  if (w.kernel[0] == 3 && w.kernel[1] == 3) return sweep_row<Kind, 3>;
  if (w.kernel[0] == 5 && w.kernel[1] == 5) return sweep_row<Kind, 5>;
  return sweep_row<Kind, 0>;
}

/// A plane from its input to all its output rows.
struct Plane {
  const float* x;
  float* y;
  const float* weights;
  float start, padding;
};

void sweep_plane(const Window& w, const Layout& layout, RowSweep sweep_one, const Plane& plane, float* scratch) {
  for (int64_t begin = 0; begin < w.output[0]; begin += layout.output_rows) {
    int64_t rows = min(layout.output_rows, w.output[0] - begin);
    fill_rows(w, layout, plane.x, begin * w.stride[0], rows_for(w, rows), plane.padding, scratch);
    for (int64_t row = 0; row < rows; ++row)
      sweep_one(w, layout, scratch + row * w.stride[0] * layout.row, plane.weights, plane.start, plane.y + (begin + row) * w.output[1]);
  }
}

/// How many taps of output `position` along `axis` fall on input, or on input and declared padding.
NACRE_INLINE int64_t counted_taps(const Window& w, int axis, int64_t position, bool counts_padding) {
  int64_t start = position * w.stride[axis] - w.pad_begin[axis], dilation = w.dilation[axis];
  int64_t low = counts_padding ? -w.pad_begin[axis] : 0, high = w.input[axis] + (counts_padding ? w.pad_end[axis] : 0);
  int64_t first = start >= low ? 0 : (low - start + dilation - 1) / dilation;
  int64_t last = start >= high ? 0 : min(w.kernel[axis], (high - start + dilation - 1) / dilation);
  return max(last - first, int64_t{0});
}

/// All but a few columns at either end have the taps of a whole row of the kernel.
void divide_by_counts(const Window& w, bool counts_padding, float* y) {
  const int64_t columns = w.output[1], whole = w.kernel[1];
  int64_t first = 0, end = columns;
  while (first < columns && counted_taps(w, 1, first, counts_padding) != whole) ++first;
  while (end > first && counted_taps(w, 1, end - 1, counts_padding) != whole) --end;
  for (int64_t row = 0; row < w.output[0]; ++row, y += columns) {
    const int64_t rows = counted_taps(w, 0, row, counts_padding);
    for (int64_t column = 0; column < first; ++column) y[column] /= static_cast<float>(rows * counted_taps(w, 1, column, counts_padding));
    const float taps = static_cast<float>(rows * whole);
    for (int64_t column = first; column < end; ++column) y[column] /= taps;
    for (int64_t column = end; column < columns; ++column)
      y[column] /= static_cast<float>(rows * counted_taps(w, 1, column, counts_padding));
  }
}

}  // namespace

int64_t window_scratch(const Window& w) {
  Layout layout = layout_of(w);
  return rows_for(w, layout.output_rows) * layout.row + kLanes;
}

void depthwise(const DepthwiseArgs& args) {
  const Window& w = args.window;
  int64_t input = w.input[0] * w.input[1], output = w.output[0] * w.output[1], taps = w.kernel[0] * w.kernel[1];
  const Layout layout = layout_of(w);
  RowSweep sweep_one = sweep_for<Work::multiply>(w);
  int64_t channel_end = args.channel_end < 0 ? args.channels : args.channel_end;
  for (int64_t channel = args.channel_begin; channel < channel_end; ++channel) {
    float* y = args.y + channel * output;
    float bias = args.epilogue.bias_rows ? args.epilogue.bias_rows[channel] : 0;
    sweep_plane(w, layout, sweep_one, {args.x + channel / args.multiplier * input, y, args.weights + channel * taps, bias, 0},
                args.scratch);
    const bool affine = args.epilogue.scale != 1 || args.epilogue.shift != 0;
    if (args.epilogue.activation != Activation::none || affine) activate_block(args.epilogue, nullptr, y, output, 1, output);
  }
}

void pool(const PoolArgs& args) {
  const Window& w = args.window;
  bool is_max = args.pooling == Pooling::max;
  float start = is_max ? -__builtin_inff() : 0;
  const Layout layout = layout_of(w);
  RowSweep sweep_one = is_max ? sweep_for<Work::largest>(w) : sweep_for<Work::sum>(w);
  for (int64_t index = 0; index < args.planes; ++index) {
    float* y = args.y + index * w.output[0] * w.output[1];
    sweep_plane(w, layout, sweep_one, {args.x + index * w.input[0] * w.input[1], y, nullptr, start, start}, args.scratch);
    if (!is_max) divide_by_counts(w, args.pooling == Pooling::average_with_padding, y);
  }
}

}  // namespace nacre::NACRE_ISA
