// Kernels of channels-last images: every tail of positions, channels and depth, every window, against sums in float64.
#include <algorithm>

#include "tests/kernels/kernel_test.h"

namespace nacre {
namespace {

using kernel_test::Buffer;
using kernel_test::KernelTest;
using kernel_test::kNaN;
using native::Activation;
using native::DepthwiseLastArgs;
using native::Epilogue;
using native::Pooling;
using native::PoolLastArgs;
using native::TapConvArgs;
using native::Window;

double finish(const Epilogue& e, double sum, int64_t n, int64_t at) {
  if (e.bias_columns) sum += e.bias_columns[n];
  if (e.residual && !e.residual_after_activation) sum += e.residual[at];
  if (e.activation == Activation::relu) sum = sum < 0 ? 0 : sum;
  if (e.activation == Activation::clip) sum = std::clamp(sum, double(e.alpha), double(e.beta));
  if (e.activation == Activation::silu) sum = sum / (1 + std::exp(-sum));
  if (e.residual && e.residual_after_activation) sum += e.residual[at];
  return sum;
}

class ConvLast : public KernelTest {
 protected:
  struct Problem {
    TapConvArgs args;
    std::vector<int64_t> offsets;
    Buffer x, weights, packed, y, bias, residual;
  };
  /// Taps at odd offsets over rows that overlap; y with room between its positions.
  Problem problem(int64_t rows, int64_t columns, int64_t taps, int64_t depth, int64_t n) {
    TapConvArgs a{.rows = rows, .columns = columns, .taps = taps, .depth = depth, .n = n};
    a.x_column = depth + 1, a.x_row = columns * a.x_column + 3, a.y_column = n + 2, a.y_row = columns * a.y_column + 1;
    std::vector<int64_t> offsets;
    for (int64_t tap = 0; tap < taps; ++tap) offsets.push_back(5 * tap % 17);
    Problem p{a,
              offsets,
              random.buffer(rows * a.x_row + 17 + depth),
              random.buffer(n * taps * depth),
              Buffer(k.gemm_packed_size(taps * depth, n)),
              Buffer(rows * a.y_row, 7),
              random.buffer(n),
              random.buffer(rows * a.y_row)};
    k.gemm_pack(p.weights.data(), taps * depth, true, taps * depth, n, p.packed.data(), 0, n);
    p.args.x = p.x.data(), p.args.weights = p.packed.data(), p.args.y = p.y.data(), p.args.tap_offsets = p.offsets.data();
    return p;
  }
  static double expected(const Problem& p, int64_t row, int64_t column, int64_t n) {
    const TapConvArgs& a = p.args;
    double sum = 0;
    for (int64_t tap = 0; tap < a.taps; ++tap)
      for (int64_t d = 0; d < a.depth; ++d)
        sum += double(p.x[row * a.x_row + column * a.x_column + p.offsets[size_t(tap)] + d]) * p.weights[(n * a.taps + tap) * a.depth + d];
    return finish(a.epilogue, sum, n, row * a.y_row + column * a.y_column + n);
  }
  /// Everything computed, and nothing between the positions written.
  void expect_all(Problem& p) {
    k.conv_taps(p.args);
    const TapConvArgs& a = p.args;
    const double tolerance = 6e-8 * double(16 + 2 * a.taps * a.depth);
    for (int64_t row = 0; row < a.rows; ++row)
      for (int64_t column = 0; column < a.columns; ++column)
        for (int64_t n = 0; n < a.y_column; ++n) {
          const float got = p.y[row * a.y_row + column * a.y_column + n];
          if (n < a.n)
            ASSERT_NEAR(got, expected(p, row, column, n), tolerance)
                << a.rows << "x" << a.columns << " taps " << a.taps << " depth " << a.depth << " n " << a.n << " at " << row << ","
                << column << "," << n;
          else
            ASSERT_EQ(got, 7) << "written beyond n";
        }
  }
};
NACRE_EVERY_ISA(ConvLast);

TEST_P(ConvLast, EveryTailOfColumnsAndOutputChannels) {
  for (int64_t columns = 1; columns <= 2 * k.gemm_tile_rows + 1; ++columns)
    for (int64_t n : {1, 3, 8, 15, 16, 17, 31, 32, 33, 64, 70}) {
      Problem p = problem(1, columns, 2, 5, n);
      expect_all(p);
      if (HasFatalFailure()) return;
    }
}

TEST_P(ConvLast, EveryDepthAndTapCount) {
  for (int64_t depth : {1, 2, 3, 4, 7, 16, 33, 600})
    for (int64_t taps : {1, 3, 9, 25}) {
      Problem p = problem(3, 5, taps, depth, 20);
      expect_all(p);
      if (HasFatalFailure()) return;
    }
}

TEST_P(ConvLast, PositionsInSeveralBlocks) {
  Problem flat = problem(1, 400, 1, 200, 40), rows = problem(30, 40, 9, 64, 8);
  expect_all(flat);
  expect_all(rows);
}

TEST_P(ConvLast, EveryEpilogue) {
  for (Activation activation : {Activation::none, Activation::relu, Activation::clip, Activation::silu})
    for (int residual : {0, 1, 2})
      for (bool has_bias : {false, true}) {
        Problem p = problem(2, 17, 3, 9, 37);
        p.args.epilogue = {.bias_columns = has_bias ? p.bias.data() : nullptr,
                           .residual = residual ? p.residual.data() : nullptr,
                           .residual_after_activation = residual == 2,
                           .activation = activation,
                           .alpha = -0.5f,
                           .beta = 0.25f};
        expect_all(p);
        if (HasFatalFailure()) return;
      }
}

TEST_P(ConvLast, APartOfTheOutputChannelsLeavesTheRest) {
  Problem p = problem(2, 20, 2, 8, 3 * k.gemm_panel);
  p.args.n_begin = k.gemm_panel, p.args.n_end = 2 * k.gemm_panel;
  k.conv_taps(p.args);
  EXPECT_EQ(p.y[k.gemm_panel - 1], 7);
  EXPECT_EQ(p.y[2 * k.gemm_panel], 7);
  EXPECT_NEAR(p.y[k.gemm_panel], expected(p, 0, 0, k.gemm_panel), 3e-6);
}

TEST_P(ConvLast, NaNReachesOnlyThePositionThatReadsIt) {
  Problem p = problem(1, 30, 1, 8, 20);
  p.x[7 * p.args.x_column + 2] = kNaN;
  k.conv_taps(p.args);
  for (int64_t column = 0; column < 30; ++column) EXPECT_EQ(std::isnan(p.y[column * p.args.y_column]), column == 7) << column;
}

// --- windows ---

std::vector<Window> windows() {
  std::vector<Window> all;
  for (auto [height, width] : {std::pair<int64_t, int64_t>{7, 7}, {5, 23}, {1, 40}})
    for (auto [rows, columns] : {std::pair<int64_t, int64_t>{3, 3}, {5, 5}, {7, 7}, {1, 3}, {4, 2}})
      for (int64_t stride : {1, 2, 3})
        for (int64_t pad : {0, 1, 3})
          for (int64_t dilation : {1, 2}) {
            Window w;
            w.input[0] = height, w.input[1] = width, w.kernel[0] = rows, w.kernel[1] = columns;
            bool fits = true;
            for (int axis : {0, 1}) {
              w.stride[axis] = stride, w.dilation[axis] = dilation, w.pad_begin[axis] = w.pad_end[axis] = pad;
              const int64_t room = w.input[axis] + 2 * pad - (w.kernel[axis] - 1) * dilation - 1;
              fits = fits && room >= 0;
              w.output[axis] = room / stride + 1;
            }
            if (fits) all.push_back(w);
          }
  return all;
}

/// Calls visit(tap, input position) for every tap of an output position that falls on input.
template <class F>
void for_each_tap(const Window& w, int64_t position, F&& visit) {
  for (int64_t r = 0; r < w.kernel[0]; ++r)
    for (int64_t c = 0; c < w.kernel[1]; ++c) {
      const int64_t y = position / w.output[1] * w.stride[0] - w.pad_begin[0] + r * w.dilation[0];
      const int64_t x = position % w.output[1] * w.stride[1] - w.pad_begin[1] + c * w.dilation[1];
      if (y >= 0 && y < w.input[0] && x >= 0 && x < w.input[1]) visit(r * w.kernel[1] + c, y * w.input[1] + x);
    }
}

struct DepthwiseCase {
  Window window;
  int64_t channels;
  Epilogue epilogue;
};

class WindowLast : public KernelTest {
 protected:
  void expect_depthwise(const DepthwiseCase& c) {
    const Window& w = c.window;
    const int64_t in = w.input[0] * w.input[1], out = w.output[0] * w.output[1];
    Buffer x = random.buffer(in * c.channels), weights = random.buffer(w.kernel[0] * w.kernel[1] * c.channels), y(out * c.channels, 7);
    DepthwiseLastArgs args{w, x.data(), weights.data(), y.data(), c.channels, c.epilogue, 0, w.output[0], 0, c.channels};
    k.depthwise_last(args);
    for (int64_t i = 0; i < out; ++i)
      for (int64_t channel = 0; channel < c.channels; ++channel) {
        double sum = 0;
        for_each_tap(w, i,
                     [&](int64_t tap, int64_t at) { sum += double(x[at * c.channels + channel]) * weights[tap * c.channels + channel]; });
        ASSERT_NEAR(y[i * c.channels + channel], finish(c.epilogue, sum, channel, i * c.channels + channel), 8e-6)
            << "kernel " << w.kernel[0] << "x" << w.kernel[1] << " stride " << w.stride[0] << " pad " << w.pad_begin[0] << " dilation "
            << w.dilation[0] << " input " << w.input[0] << "x" << w.input[1] << " channel " << channel << " of " << c.channels << " at "
            << i;
      }
  }
};
NACRE_EVERY_ISA(WindowLast);

TEST_P(WindowLast, DepthwiseOfEveryWindow) {
  for (const Window& w : windows()) {
    expect_depthwise({w, 19, {}});
    if (HasFatalFailure()) return;
  }
}

TEST_P(WindowLast, DepthwiseOfEveryChannelTailAndEpilogue) {
  const Window w = windows()[4];
  for (int64_t channels : {1, 4, 7, 8, 15, 16, 17, 33, 200, 3000})
    for (Activation activation : {Activation::none, Activation::clip, Activation::silu})
      for (int residual : {0, 1, 2}) {
        Buffer bias = random.buffer(channels), added = random.buffer(channels * w.output[0] * w.output[1]);
        expect_depthwise({w,
                          channels,
                          {.bias_columns = bias.data(),
                           .residual = residual ? added.data() : nullptr,
                           .residual_after_activation = residual == 2,
                           .activation = activation,
                           .alpha = -0.5f,
                           .beta = 0.75f}});
        if (HasFatalFailure()) return;
      }
}

TEST_P(WindowLast, PartsOfRowsAndChannelsMakeTheWhole) {
  Window w = windows()[3];
  const int64_t out = w.output[0] * w.output[1];
  Buffer x = random.buffer(w.input[0] * w.input[1] * 40), weights = random.buffer(w.kernel[0] * w.kernel[1] * 40), whole(out * 40),
         parts(out * 40);
  DepthwiseLastArgs args{w, x.data(), weights.data(), whole.data(), 40, {}, 0, w.output[0], 0, 40};
  k.depthwise_last(args);
  args.y = parts.data();
  for (int64_t row = 0; row < w.output[0]; ++row)
    for (int64_t channel : {0, 32}) {
      args.row_begin = row, args.row_end = row + 1, args.channel_begin = channel, args.channel_end = channel ? 40 : 32;
      k.depthwise_last(args);
    }
  for (int64_t i = 0; i < out * 40; ++i) ASSERT_EQ(whole[i], parts[i]) << i;
}

TEST_P(WindowLast, PoolingOfEveryWindow) {
  for (const Window& w : windows())
    for (Pooling pooling : {Pooling::max, Pooling::average, Pooling::average_with_padding}) {
      const int64_t channels = 21, out = w.output[0] * w.output[1];
      Buffer x = random.buffer(channels * w.input[0] * w.input[1]), y(channels * out, 7);
      k.pool_last({w, pooling, x.data(), y.data(), channels, 0, w.output[0]});
      for (int64_t i = 0; i < out * channels; ++i) {
        double largest = -INFINITY, sum = 0, count = 0;
        for_each_tap(w, i / channels, [&](int64_t, int64_t at) {
          const double value = x[at * channels + i % channels];
          largest = std::max(largest, value), sum += value, ++count;
        });
        if (pooling == Pooling::average_with_padding) count = double(w.kernel[0] * w.kernel[1]);
        if (pooling == Pooling::max)
          ASSERT_EQ(y[i], largest);
        else if (count > 0)
          ASSERT_NEAR(y[i], sum / count, 1e-6) << "pad " << w.pad_begin[0] << " dilation " << w.dilation[0];
      }
    }
}

}  // namespace
}  // namespace nacre
