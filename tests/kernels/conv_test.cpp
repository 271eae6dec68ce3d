#include <algorithm>

#include "tests/kernels/kernel_test.h"

namespace nacre {
namespace {

using kernel_test::Buffer;
using kernel_test::KernelTest;
using kernel_test::kInfinity;
using kernel_test::kNaN;
using native::Activation;
using native::ConvArgs;
using native::DepthwiseArgs;
using native::PoolArgs;
using native::Pooling;
using native::Window;

/// A window whose output size follows from the rest, as ONNX defines it.
Window window_of(int64_t height, int64_t width, int64_t kernel_height, int64_t kernel_width, int64_t stride, int64_t pad,
                 int64_t dilation = 1) {
  Window w;
  w.input[0] = height, w.input[1] = width, w.kernel[0] = kernel_height, w.kernel[1] = kernel_width;
  for (int axis : {0, 1}) {
    w.stride[axis] = stride, w.dilation[axis] = dilation, w.pad_begin[axis] = pad, w.pad_end[axis] = pad;
    w.output[axis] = (w.input[axis] + 2 * pad - (w.kernel[axis] - 1) * dilation - 1) / stride + 1;
  }
  return w;
}

int64_t area(const int64_t (&size)[2]) { return size[0] * size[1]; }

/// Calls visit(tap, input index) for every tap of an output position that falls on input.
template <class F>
void for_each_tap(const Window& w, int64_t position, F&& visit) {
  int64_t row = position / w.output[1], column = position % w.output[1];
  for (int64_t r = 0; r < w.kernel[0]; ++r)
    for (int64_t c = 0; c < w.kernel[1]; ++c) {
      int64_t y = row * w.stride[0] - w.pad_begin[0] + r * w.dilation[0], x = column * w.stride[1] - w.pad_begin[1] + c * w.dilation[1];
      if (y >= 0 && y < w.input[0] && x >= 0 && x < w.input[1]) visit(r * w.kernel[1] + c, y * w.input[1] + x);
    }
}

class Conv : public KernelTest {
 protected:
  std::vector<Window> windows() {
    std::vector<Window> all;
    for (auto [height, width] : {std::pair<int64_t, int64_t>{7, 7}, {9, 20}, {5, 70}, {1, 40}, {33, 3}})
      for (auto [kernel_height, kernel_width] : {std::pair<int64_t, int64_t>{1, 1}, {3, 3}, {5, 5}, {1, 3}, {7, 2}})
        for (int64_t stride : {1, 2, 3})
          for (int64_t pad : {0, 1, 3})
            for (int64_t dilation : {1, 2}) {
              Window w = window_of(height, width, kernel_height, kernel_width, stride, pad, dilation);
              bool fits = height + 2 * pad > (kernel_height - 1) * dilation && width + 2 * pad > (kernel_width - 1) * dilation;
              if (fits) all.push_back(w);
            }
    return all;
  }

  struct Problem {
    ConvArgs args;
    Buffer x, weights, y, scratch;
  };
  Problem problem(const Window& w, int64_t channels_in, int64_t channels_out) {
    ConvArgs args;
    args.window = w, args.channels_in = channels_in, args.channels_out = channels_out;
    Problem p{args, random.buffer(channels_in * area(w.input)), random.buffer(channels_out * channels_in * area(w.kernel)),
              Buffer(channels_out * area(w.output), 7), Buffer(k.conv_scratch(args), kNaN)};
    p.args.x = p.x.data(), p.args.weights = p.weights.data(), p.args.y = p.y.data(), p.args.scratch = p.scratch.data();
    return p;
  }

  static double expected(const ConvArgs& a, int64_t channel, int64_t position) {
    double sum = 0;
    int64_t taps = area(a.window.kernel);
    for (int64_t in = 0; in < a.channels_in; ++in)
      for_each_tap(a.window, position, [&](int64_t tap, int64_t index) {
        sum += double(a.weights[(channel * a.channels_in + in) * taps + tap]) * a.x[in * area(a.window.input) + index];
      });
    return sum;
  }
  void expect_product(const Problem& p) {
    int64_t positions = area(p.args.window.output);
    double tolerance = 6e-8 * double(8 + 2 * p.args.channels_in * area(p.args.window.kernel));
    for (int64_t channel = 0; channel < p.args.channels_out; ++channel)
      for (int64_t position = 0; position < positions; ++position)
        ASSERT_NEAR(p.y[channel * positions + position], expected(p.args, channel, position), tolerance)
            << "channel " << channel << " position " << position << " of " << p.args.window.output[0] << "x" << p.args.window.output[1];
  }
};
NACRE_EVERY_ISA(Conv);

TEST_P(Conv, EveryKernelStridePadAndDilation) {
  for (const Window& w : windows()) {
    Problem p = problem(w, 3, 4);
    k.conv(p.args);
    expect_product(p);
    if (HasFatalFailure())
      FAIL() << "kernel " << w.kernel[0] << "x" << w.kernel[1] << " stride " << w.stride[0] << " pad " << w.pad_begin[0] << " dilation "
             << w.dilation[0] << " input " << w.input[0] << "x" << w.input[1];
  }
}

TEST_P(Conv, DepthInSeveralBlocksAndPositionsInSeveral) {
  Problem p = problem(window_of(24, 24, 3, 3, 1, 1), 130, 5);
  k.conv(p.args);
  expect_product(p);
}

TEST_P(Conv, UnequalPadsAndStrides) {
  Window w = window_of(11, 18, 3, 4, 1, 0);
  w.pad_begin[0] = 2, w.pad_end[0] = 0, w.pad_begin[1] = 0, w.pad_end[1] = 3, w.stride[0] = 3, w.stride[1] = 2;
  w.output[0] = (11 + 2 - 3) / 3 + 1, w.output[1] = (18 + 3 - 4) / 2 + 1;
  Problem p = problem(w, 2, 3);
  k.conv(p.args);
  expect_product(p);
}

TEST_P(Conv, PartsOfChannelsAndPositionsMakeTheWhole) {
  for (int64_t kernel : {1, 3}) {
    Problem p = problem(window_of(20, 20, kernel, kernel, 1, kernel / 2), 60, 30);
    int64_t split = 4 * k.gemm_panel;
    p.args.channel_end = 7;
    k.conv(p.args);
    EXPECT_EQ(p.y[7 * 400], 7);
    p.args.channel_begin = 7, p.args.channel_end = -1, p.args.position_end = split;
    k.conv(p.args);
    EXPECT_EQ(p.y[7 * 400 + split], 7);
    p.args.position_begin = split, p.args.position_end = -1;
    k.conv(p.args);
    expect_product(p);
  }
}

TEST_P(Conv, EpilogueSeesChannelsAsRows) {
  for (int64_t kernel : {1, 3})
    for (bool is_late : {false, true})
      for (int64_t channels_in : {4, 200}) {
        Problem p = problem(window_of(9, 9, kernel, kernel, 1, kernel / 2), channels_in, 17);
        Buffer bias = random.buffer(17), residual = random.buffer(17 * 81);
        p.args.epilogue.bias_rows = bias.data();
        p.args.epilogue.residual = residual.data(), p.args.epilogue.residual_stride = 81;
        p.args.epilogue.residual_after_activation = is_late;
        p.args.epilogue.activation = Activation::relu;
        k.conv(p.args);
        for (int64_t channel = 0; channel < 17; ++channel)
          for (int64_t i = 0; i < 81; ++i) {
            double x = expected(p.args, channel, i) + bias[channel], added = residual[channel * 81 + i];
            double want = is_late ? std::fmax(x, 0) + added : std::fmax(x + added, 0);
            ASSERT_NEAR(p.y[channel * 81 + i], want, 3e-5);
          }
      }
}

TEST_P(Conv, NaNReachesOnlyThePositionsThatSeeIt) {
  Problem p = problem(window_of(9, 30, 3, 3, 1, 1), 2, 2);
  p.x[4 * 30 + 15] = kNaN;
  k.conv(p.args);
  for (int64_t i = 0; i < 270; ++i) {
    bool sees = false;
    for_each_tap(p.args.window, i, [&](int64_t, int64_t index) { sees |= index == 4 * 30 + 15; });
    EXPECT_EQ(std::isnan(p.y[i]), sees) << i;
  }
}

TEST_P(Conv, DepthwiseOfEveryWindow) {
  for (const Window& w : windows())
    for (int64_t multiplier : {1, 2}) {
      int64_t channels = 3 * multiplier, taps = area(w.kernel);
      Buffer x = random.buffer(3 * area(w.input)), weights = random.buffer(channels * taps), bias = random.buffer(channels);
      Buffer y(channels * area(w.output), 7), scratch(k.window_scratch(w), kNaN);
      DepthwiseArgs args;
      args.window = w, args.x = x.data(), args.weights = weights.data(), args.y = y.data(), args.scratch = scratch.data();
      args.channels = channels, args.multiplier = multiplier;
      args.epilogue.bias_rows = bias.data(), args.epilogue.activation = Activation::clip;
      args.epilogue.alpha = -0.5f, args.epilogue.beta = 0.75f;
      k.depthwise(args);
      for (int64_t channel = 0; channel < channels; ++channel)
        for (int64_t i = 0; i < area(w.output); ++i) {
          double sum = bias[channel];
          for_each_tap(w, i, [&](int64_t tap, int64_t index) {
            sum += double(weights[channel * taps + tap]) * x[channel / multiplier * area(w.input) + index];
          });
          ASSERT_NEAR(y[channel * area(w.output) + i], std::clamp(sum, -0.5, 0.75), 3e-6)
              << "kernel " << w.kernel[0] << "x" << w.kernel[1] << " stride " << w.stride[0] << " pad " << w.pad_begin[0] << " dilation "
              << w.dilation[0] << " input " << w.input[0] << "x" << w.input[1] << " at " << i;
        }
    }
}

TEST_P(Conv, DepthwiseOfAPlaneTooLargeForTheScratchAtOnce) {
  for (int64_t stride : {1, 2}) {
    Window w = window_of(150, 300, 3, 3, stride, 1);
    Buffer x = random.buffer(area(w.input)), weights = random.buffer(9), y(area(w.output)), scratch(k.window_scratch(w));
    DepthwiseArgs args;
    args.window = w, args.x = x.data(), args.weights = weights.data(), args.y = y.data(), args.scratch = scratch.data(), args.channels = 1;
    k.depthwise(args);
    for (int64_t i = 0; i < area(w.output); ++i) {
      double sum = 0;
      for_each_tap(w, i, [&](int64_t tap, int64_t index) { sum += double(weights[tap]) * x[index]; });
      ASSERT_NEAR(y[i], sum, 3e-6) << i;
    }
  }
}

TEST_P(Conv, PoolingOfEveryWindow) {
  for (const Window& w : windows())
    for (Pooling pooling : {Pooling::max, Pooling::average, Pooling::average_with_padding}) {
      Buffer x = random.buffer(2 * area(w.input)), y(2 * area(w.output), 7), scratch(k.window_scratch(w), kNaN);
      PoolArgs args{w, pooling, x.data(), y.data(), 2, scratch.data()};
      k.pool(args);
      for (int64_t i = 0; i < 2 * area(w.output); ++i) {
        double largest = -INFINITY, sum = 0, count = 0;
        for_each_tap(w, i % area(w.output), [&](int64_t, int64_t index) {
          double value = x[i / area(w.output) * area(w.input) + index];
          largest = std::max(largest, value), sum += value, ++count;
        });
        if (pooling == Pooling::average_with_padding) count = double(area(w.kernel));
        if (pooling == Pooling::max)
          ASSERT_EQ(y[i], largest);
        else if (count > 0)
          ASSERT_NEAR(y[i], sum / count, 1e-6) << "pad " << w.pad_begin[0] << " dilation " << w.dilation[0];
      }
    }
}

TEST_P(Conv, AverageWithPaddingCountsOnlyTheDeclaredPadding) {
  Window w = window_of(5, 5, 3, 3, 2, 1);
  w.output[0] = w.output[1] = 4;  // as ceil_mode may ask: the last window begins inside and ends beyond the padding
  w.pad_end[0] = w.pad_end[1] = 1;
  Buffer x(25, 1), y(16), scratch(k.window_scratch(w));
  PoolArgs args{w, Pooling::average_with_padding, x.data(), y.data(), 1, scratch.data()};
  k.pool(args);
  EXPECT_FLOAT_EQ(y[0], 4.0f / 9);   // 2 x 2 inputs, 5 paddings
  EXPECT_FLOAT_EQ(y[3], 0.0f / 3);   // starts at column 5: padding only, of which one column is declared
  EXPECT_FLOAT_EQ(y[10], 4.0f / 9);  // columns 3..5: one of them padding
}

}  // namespace
}  // namespace nacre
