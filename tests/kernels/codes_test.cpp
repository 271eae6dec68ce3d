// Kernels on 8-bit codes on every instruction set, bit for bit: tails of positions, channels and depth, codes at the ends of their
// range (where 16-bit sums of two products would saturate), every clamp.
#include "backends/native/kernels/codes.h"

#include <algorithm>

#include "tests/kernels/kernel_test.h"

namespace nacre {
namespace {

using kernel_test::KernelTest;
using namespace native;

class Codes : public KernelTest {
 protected:
  uint8_t byte() { return uint8_t(int32_t((random.next() + 1) * 128)); }
  /// Often one of the ends.
  std::vector<uint8_t> bytes(int64_t count, std::initializer_list<uint8_t> ends) {
    std::vector<uint8_t> out(static_cast<size_t>(count));
    for (uint8_t& x : out) x = byte() % 2 ? byte() : ends.begin()[byte() % ends.size()];
    return out;
  }
  std::vector<int32_t> starts(int64_t count) {
    std::vector<int32_t> out(static_cast<size_t>(count));
    for (int32_t& x : out) x = int32_t(random.next() * 20000);
    return out;
  }
  std::vector<float> units(int64_t count) {
    std::vector<float> out(static_cast<size_t>(count));
    for (float& x : out) x = (random.next() + 1.1f) / 300;
    return out;
  }
  static int requantized(int64_t sum, float unit, int32_t zero, bool is_signed) {
    const int least = is_signed ? -128 : 0;
    return int(std::clamp(std::nearbyint(float(sum) * unit) + float(zero), float(least), float(least + 255)));
  }
  static int code(uint8_t byte, bool is_signed) { return is_signed ? int8_t(byte) : byte; }
};
NACRE_EVERY_ISA(Codes);

TEST_P(Codes, ConvolutionForEveryTail) {
  for (int64_t columns : {1, 2, 7, 14, 15, 29})
    for (int64_t n : {1, 8, 16, 17, 32, 45})
      for (auto [taps, depth] : {std::pair<int64_t, int64_t>{1, 3}, {1, 64}, {9, 5}, {3, 21}})
        for (bool zeros : {false, true}) {
          const int64_t rows = 2, x_column = depth + 1, x_row = columns * x_column + 3;
          std::vector<int64_t> offsets;
          for (int64_t tap = 0; tap < taps; ++tap) offsets.push_back(5 * tap % 17);
          const auto x = bytes(rows * x_row + 17 + depth, {0, 255}), w = bytes(n * taps * depth, {0x80, 0x7f});
          const auto start = starts(n), weight_zeros = starts(n);
          const auto unit = units(n);
          std::vector<uint8_t> packed(size_t(k.integer_packed_size(depth, n, taps))), y(size_t(rows * columns * (n + 2)), 7);
          k.integer_pack(
              {.b = w.data(), .ldb = taps * depth, .transposed = true, .k = depth, .n = n, .taps = taps, .packed = packed.data()});
          const bool is_signed = n % 2;
          const CodeConvArgs args{.rows = rows,
                                  .columns = columns,
                                  .x = x.data(),
                                  .x_row = x_row,
                                  .x_column = x_column,
                                  .tap_offsets = offsets.data(),
                                  .taps = taps,
                                  .depth = depth,
                                  .weights = packed.data(),
                                  .weight_zeros = zeros ? weight_zeros.data() : nullptr,
                                  .n = n,
                                  .y = y.data(),
                                  .y_row = columns * (n + 2),
                                  .y_column = n + 2,
                                  .requantize = {start.data(), unit.data(), is_signed ? -5 : 131, is_signed}};
          k.conv_codes(args);
          for (int64_t row = 0; row < rows; ++row)
            for (int64_t column = 0; column < columns; ++column)
              for (int64_t i = 0; i < n + 2; ++i) {
                const uint8_t got = y[size_t((row * columns + column) * (n + 2) + i)];
                if (i >= n) {
                  ASSERT_EQ(got, 7) << "written behind the channels";
                  continue;
                }
                int64_t sum = start[size_t(i)];
                for (int64_t tap = 0; tap < taps; ++tap)
                  for (int64_t d = 0; d < depth; ++d) {
                    const int64_t weight = int8_t(w[size_t((i * taps + tap) * depth + d)]) - (zeros ? weight_zeros[size_t(i)] : 0);
                    sum += x[size_t(row * x_row + column * x_column + offsets[size_t(tap)] + d)] * weight;
                  }
                ASSERT_EQ(code(got, is_signed), requantized(int32_t(sum), unit[size_t(i)], args.requantize.zero, is_signed))
                    << columns << " columns, " << n << " channels, " << taps << " taps of " << depth << " at " << column << ", " << i;
              }
        }
}

TEST_P(Codes, DepthwiseForEveryTailOfChannels) {
  for (int64_t channels : {1, 3, 15, 16, 31, 32, 33, 63, 64, 65, 130})
    for (int64_t taps : {1, 4, 9, 25})
      for (int64_t columns : {1, 2, 5}) {
        const int64_t rows = 2, x_row = (columns + 2) * channels;
        std::vector<int64_t> offsets;
        for (int64_t tap = 0; tap < taps; ++tap) offsets.push_back(tap % 3 * channels + tap);
        const auto x = bytes(rows * x_row + 3 * channels + 25 + k.depthwise_codes_slack, {0, 255}),
                   w = bytes(channels * taps, {0x80, 0x7f});
        const auto start = starts(channels);
        const auto unit = units(channels);
        std::vector<uint8_t> packed(size_t(k.depthwise_codes_size(channels, taps))), y(size_t(rows * columns * (channels + 1)), 7);
        k.depthwise_codes_pack({reinterpret_cast<const int8_t*>(w.data()), channels, taps, start.data(), unit.data(), packed.data()});
        while (offsets.size() % 4) offsets.push_back(offsets.back());
        const bool is_signed = channels % 2;
        k.depthwise_codes({.rows = rows,
                           .columns = columns,
                           .channels = channels,
                           .x = x.data(),
                           .x_row = x_row,
                           .x_column = channels,
                           .tap_offsets = offsets.data(),
                           .taps = taps,
                           .packed = packed.data(),
                           .y = y.data(),
                           .y_row = columns * (channels + 1),
                           .y_column = channels + 1,
                           .zero = is_signed ? 100 : 3,
                           .y_signed = is_signed});
        for (int64_t at = 0; at < rows * columns; ++at)
          for (int64_t c = 0; c <= channels; ++c) {
            const uint8_t got = y[size_t(at * (channels + 1) + c)];
            if (c == channels) {
              ASSERT_EQ(got, 7) << "written behind the channels";
              continue;
            }
            int64_t sum = start[size_t(c)];
            for (int64_t tap = 0; tap < taps; ++tap)
              sum +=
                  x[size_t(at / columns * x_row + at % columns * channels + offsets[size_t(tap)] + c)] * int8_t(w[size_t(c * taps + tap)]);
            ASSERT_EQ(code(got, is_signed), requantized(sum, unit[size_t(c)], is_signed ? 100 : 3, is_signed))
                << channels << " channels, " << taps;
          }
      }
}

/// Scales are powers of two, so that sums are exact with and without fused multiply-adds.
TEST_P(Codes, SumsAndProducts) {
  for (int64_t n : {1, 7, 16, 33, 100})
    for (int64_t stride : {0, 1})
      for (bool is_signed : {false, true}) {
        const auto a = bytes(n, {0, 255}), b = bytes(n, {0, 255});
        std::vector<uint8_t> y(static_cast<size_t>(n));
        CodeBinaryArgs args{.a = a.data(), .b = b.data(), .b_stride = stride, .y = y.data(), .n = n};
        args.a_scale = {0.25f, is_signed ? -7 : 120, is_signed}, args.b_scale = {0.125f, 99, !is_signed},
        args.y_scale = {0.5f, 20, is_signed};
        for (CodeBinary kind : {CodeBinary::add, CodeBinary::mul}) {
          args.kind = kind;
          k.binary_codes(args);
          for (int64_t i = 0; i < n; ++i) {
            const float p = 0.25f * float(code(a[size_t(i)], is_signed) - args.a_scale.zero),
                        q = 0.125f * float(code(b[size_t(stride * i)], !is_signed) - 99);
            const float value = (kind == CodeBinary::add ? p + q : p * q) / 0.5f;
            const float least = is_signed ? -128 : 0;
            ASSERT_EQ(code(y[size_t(i)], is_signed), int(std::clamp(std::nearbyint(value) + 20, least, least + 255))) << i << " of " << n;
          }
        }
        std::vector<float> real(static_cast<size_t>(n));
        k.dequantize(a.data(), args.a_scale, real.data(), n);
        for (int64_t i = 0; i < n; ++i) ASSERT_EQ(real[size_t(i)], 0.25f * float(code(a[size_t(i)], is_signed) - args.a_scale.zero));
      }
}

}  // namespace
}  // namespace nacre
