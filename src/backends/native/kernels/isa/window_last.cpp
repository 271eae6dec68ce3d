// Depthwise convolution and pooling with channels last: vectors along the channels, so that every stride, dilation and edge
// reads whole vectors. Several neighbouring positions share each weight. A chunk of channels goes over all rows before the
// next: the input rows of one output row stay in the first-level cache.
#include "backends/native/kernels/activations.h"
#include "backends/native/kernels/isa/local.h"

namespace nacre::NACRE_ISA {

using native::DepthwiseLastArgs;
using native::Pooling;
using native::PoolLastArgs;
using native::Window;

namespace {

constexpr int kPositions = 4;
constexpr int64_t kCachedFloats = 6 * 1024;

/// Taps [begin, end) of an axis that fall on input.
struct Range {
  int64_t begin, end;
};

NACRE_INLINE Range taps_inside(const Window& w, int axis, int64_t position) {
  const int64_t start = position * w.stride[axis] - w.pad_begin[axis], dilation = w.dilation[axis];
  const int64_t first = start >= 0 ? 0 : (-start + dilation - 1) / dilation;
  const int64_t last = start >= w.input[axis] ? 0 : (w.input[axis] - start + dilation - 1) / dilation;
  return {first, max(first, min(last, w.kernel[axis]))};
}

/// Output columns whose taps all fall on input.
NACRE_INLINE Range whole_columns(const Window& w) {
  const int64_t extent = (w.kernel[1] - 1) * w.dilation[1] + 1, stride = w.stride[1];
  const int64_t begin = min((w.pad_begin[1] + stride - 1) / stride, w.output[1]);
  const int64_t room = w.input[1] + w.pad_begin[1] - extent;
  return {begin, max(begin, room < 0 ? 0 : min(room / stride + 1, w.output[1]))};
}

/// What one output row reads.
struct Line {
  const Window& window;
  const float* x;  // the image
  const float* weights;
  int64_t channels;
  int64_t top;  // the input row of tap row 0, perhaps in the padding
  Range rows;

  const float* tap(int64_t row, int64_t column, int64_t channel) const {
    return x + ((top + row * window.dilation[0]) * window.input[1] + column) * channels + channel;
  }
};

/// A single position whose taps [columns) fall on input.
NACRE_INLINE Vf edge_sum(const Line& l, Vf sum, int64_t column, Range columns, int64_t channel, int64_t lanes) {
  const Window& w = l.window;
  const int64_t left = column * w.stride[1] - w.pad_begin[1];
  for (int64_t row = l.rows.begin; row < l.rows.end; ++row) {
    const float* source = l.tap(row, left + columns.begin * w.dilation[1], channel);
    const float* weight = l.weights + (row * w.kernel[1] + columns.begin) * l.channels + channel;
    for (int64_t tap = columns.begin; tap < columns.end; ++tap, source += w.dilation[1] * l.channels, weight += l.channels)
      sum += load_lanes(weight, lanes) * load_lanes(source, lanes);
  }
  return sum;
}

/// Neighbouring positions of a kernel without dilation: every input is read once and serves all the taps that meet it.
template <int Positions, int Kernel, int Stride>
NACRE_INLINE void sum_neighbours(const Line& l, int64_t column, int64_t channel, int64_t lanes, Vf (&sum)[Positions]) {
  constexpr int kInputs = (Positions - 1) * Stride + Kernel;
  const Window& w = l.window;
  const int64_t channels = l.channels, pitch = w.dilation[0] * w.input[1] * channels;
  const float* source = l.tap(l.rows.begin, column * Stride - w.pad_begin[1], channel);
  const float* weight = l.weights + l.rows.begin * Kernel * channels + channel;
  for (int64_t row = l.rows.begin; row < l.rows.end; ++row, source += pitch, weight += Kernel * channels) {
    Vf factor[Kernel];
#pragma GCC unroll 7
    for (int tap = 0; tap < Kernel; ++tap) factor[tap] = load_lanes(weight + tap * channels, lanes);
#pragma GCC unroll 16
    for (int i = 0; i < kInputs; ++i) {
      Vf x = load_lanes(source + i * channels, lanes);
#pragma GCC unroll 8
      for (int position = 0; position < Positions; ++position) {
        const int tap = i - position * Stride;
        if (tap >= 0 && tap < Kernel) sum[position] += factor[tap] * x;
      }
    }
  }
}

/// The part of the epilogue that needs no call.
struct Finish {
  const float* bias;
  const float* residual;  // added before the clamp
  bool clamp;
  float low, high;
};

NACRE_INLINE void finish(const Line& l, const Finish& f, int64_t column, int64_t channel, int64_t lanes, Vf sum, float* y) {
  const int64_t at = column * l.channels + channel;
  if (f.residual) sum += load_lanes(f.residual + at, lanes);
  if (f.clamp) sum = clip(sum, splat(f.low), splat(f.high));
  store_lanes(y + at, sum, lanes);
}

/// Where a vector of channels is, and what its sums start with.
struct Channels {
  int64_t channel, lanes;
  Vf start;
};

template <int Positions, int Kernel, int Stride>
NACRE_INLINE void neighbours(const Line& l, const Finish& f, int64_t column, const Channels& c, float* y) {
  Vf sum[Positions];
#pragma GCC unroll 8
  for (int i = 0; i < Positions; ++i) sum[i] = c.start;
  sum_neighbours<Positions, Kernel, Stride>(l, column, c.channel, c.lanes, sum);
#pragma GCC unroll 8
  for (int i = 0; i < Positions; ++i) finish(l, f, column + i, c.channel, c.lanes, sum[i], y);
}

/// Kernel 0: any, a position at a time.
template <int Kernel, int Stride>
NACRE_INLINE void depthwise_columns(const Line& l, const Finish& f, Range whole, int64_t channel, int64_t lanes, float* y) {
  const Window& w = l.window;
  const Channels c{channel, lanes, f.bias ? load_lanes(f.bias + channel, lanes) : Vf{}};
  const auto edges = [&](int64_t begin, int64_t end) {
    for (int64_t column = begin; column < end; ++column)
      finish(l, f, column, channel, lanes, edge_sum(l, c.start, column, taps_inside(w, 1, column), channel, lanes), y);
  };
  if constexpr (Kernel == 0) return edges(0, w.output[1]);
  edges(0, whole.begin);
  int64_t column = whole.begin;
  for (; column + kPositions <= whole.end; column += kPositions) neighbours<kPositions, Kernel, Stride>(l, f, column, c, y);
  for (; column < whole.end; ++column) neighbours<1, Kernel, Stride>(l, f, column, c, y);
  edges(column, w.output[1]);
}

template <int Kernel, int Stride>
void depthwise_row(const Line& l, const Finish& f, int64_t begin, int64_t end, float* y) {
  const Range whole = whole_columns(l.window);
  int64_t channel = begin;
  for (; channel + kLanes <= end; channel += kLanes) depthwise_columns<Kernel, Stride>(l, f, whole, channel, kLanes, y);
  if (channel < end) depthwise_columns<Kernel, Stride>(l, f, whole, channel, end - channel, y);
}

using DepthwiseRow = void (*)(const Line&, const Finish&, int64_t, int64_t, float*);

template <int Stride>
DepthwiseRow depthwise_of_stride(int64_t kernel) {
  return kernel == 3   ? depthwise_row<3, Stride>
         : kernel == 5 ? depthwise_row<5, Stride>
         : kernel == 7 ? depthwise_row<7, Stride>
                       : depthwise_row<0, 0>;
}

DepthwiseRow depthwise_for(const Window& w) {
  if (w.dilation[1] != 1 || w.stride[1] > 2) return depthwise_row<0, 0>;
  return w.stride[1] == 1 ? depthwise_of_stride<1>(w.kernel[1]) : depthwise_of_stride<2>(w.kernel[1]);
}

/// Channels that go over all rows together, so that a row's inputs are read from the second-level cache once.
NACRE_INLINE int64_t chunk_of(const Window& w) {
  return max(kCachedFloats / max(w.kernel[0] * w.input[1], int64_t{1}) / kLanes, int64_t{1}) * kLanes;
}

template <Pooling Kind>
NACRE_INLINE void pool_at(const Line& l, int64_t column, Range columns, int64_t channel, int64_t lanes, Vf scale, float* y) {
  const Window& w = l.window;
  constexpr bool is_max = Kind == Pooling::max || Kind == Pooling::max_or_nan;
  Vf sum = is_max ? splat(-__builtin_inff()) : Vf{};
  for (int64_t row = l.rows.begin; row < l.rows.end; ++row) {
    Vf line = is_max ? sum : Vf{};  // sums of rows apart: fewer roundings in large windows
    const float* source = l.tap(row, column * w.stride[1] - w.pad_begin[1] + columns.begin * w.dilation[1], channel);
    for (int64_t tap = columns.begin; tap < columns.end; ++tap, source += w.dilation[1] * l.channels) {
      Vf x = load_lanes(source, lanes);
      if constexpr (Kind == Pooling::max)
        line = max(x, line);
      else if constexpr (Kind == Pooling::max_or_nan)
        line = select(x != x, x, select(x > line, x, line));
      else
        line += x;
    }
    sum = is_max ? line : sum + line;
  }
  if constexpr (!is_max) sum = sum / scale;
  store_lanes(y + column * l.channels + channel, sum, lanes);
}

/// How many taps of an axis count in an average that counts padding: those within the declared padding.
NACRE_INLINE int64_t padded_taps(const Window& w, int axis, int64_t position) {
  const int64_t room = w.input[axis] + w.pad_end[axis] - (position * w.stride[axis] - w.pad_begin[axis]);
  return max(min(w.kernel[axis], (room + w.dilation[axis] - 1) / w.dilation[axis]), int64_t{0});
}

template <Pooling Kind>
void pool_row(const Line& l, int64_t row, float* y) {
  const Window& w = l.window;
  for (int64_t column = 0; column < w.output[1]; ++column) {
    const Range columns = taps_inside(w, 1, column);
    const int64_t count = Kind == Pooling::average ? (l.rows.end - l.rows.begin) * (columns.end - columns.begin)
                                                   : padded_taps(w, 0, row) * padded_taps(w, 1, column);
    const Vf scale = splat(static_cast<float>(count));
    int64_t channel = 0;
    for (; channel + kLanes <= l.channels; channel += kLanes) pool_at<Kind>(l, column, columns, channel, kLanes, scale, y);
    if (channel < l.channels) pool_at<Kind>(l, column, columns, channel, l.channels - channel, scale, y);
  }
}

}  // namespace

void depthwise_last(const DepthwiseLastArgs& args) {
  const Window& w = args.window;
  Epilogue e = args.epilogue;
  const bool is_clamp = e.activation == Activation::relu || e.activation == Activation::clip, late = e.residual_after_activation;
  const bool affine = e.scale != 1 || e.shift != 0;
  const bool second_pass = (!is_clamp && e.activation != Activation::none) || affine || (e.residual && late);
  const float low = e.activation == Activation::clip ? e.alpha : 0, high = e.activation == Activation::clip ? e.beta : __builtin_inff();
  const DepthwiseRow run = depthwise_for(w);
  const int64_t chunk = chunk_of(w), row_floats = w.output[1] * args.channels;
  e.residual_stride = args.channels;
  for (int64_t begin = args.channel_begin; begin < args.channel_end; begin += chunk) {
    const int64_t end = min(begin + chunk, args.channel_end);
    for (int64_t row = args.row_begin; row < args.row_end; ++row) {
      const Line line{w, args.x, args.weights, args.channels, row * w.stride[0] - w.pad_begin[0], taps_inside(w, 0, row)};
      const float* residual = e.residual ? e.residual + row * row_floats : nullptr;
      float* y = args.y + row * row_floats;
      run(line, {e.bias_columns, late ? nullptr : residual, is_clamp, low, high}, begin, end, y);
      if (second_pass) activate_block(e, late && residual ? residual + begin : nullptr, y + begin, args.channels, w.output[1], end - begin);
    }
  }
}

void pool_last(const PoolLastArgs& args) {
  const Window& w = args.window;
  const auto run = args.pooling == Pooling::max          ? pool_row<Pooling::max>
                   : args.pooling == Pooling::max_or_nan ? pool_row<Pooling::max_or_nan>
                   : args.pooling == Pooling::average    ? pool_row<Pooling::average>
                                                         : pool_row<Pooling::average_with_padding>;
  for (int64_t row = args.row_begin; row < args.row_end; ++row) {
    const Line line{w, args.x, nullptr, args.channels, row * w.stride[0] - w.pad_begin[0], taps_inside(w, 0, row)};
    run(line, row, args.y + row * w.output[1] * args.channels);
  }
}

}  // namespace nacre::NACRE_ISA
