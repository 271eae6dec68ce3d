// Kernels on 8-bit codes on every instruction set, bit for bit: tails of positions, channels and depth, codes at the ends of their
// range (where 16-bit sums of two products would saturate), every clamp.
#include "backends/native/kernels/codes.h"

#include <algorithm>
#include <cstring>

#include "tests/kernels/kernel_test.h"

namespace nacre {
namespace {

using kernel_test::Array;
using kernel_test::KernelTest;
using namespace native;

class Codes : public KernelTest {
 protected:
  uint8_t byte() { return uint8_t(int32_t((random.next() + 1) * 128)); }
  /// Often one of the ends.
  Array<uint8_t> bytes(int64_t count, std::initializer_list<uint8_t> ends) {
    Array<uint8_t> out(count);
    for (uint8_t& x : out) x = byte() % 2 ? byte() : ends.begin()[byte() % ends.size()];
    return out;
  }
  Array<int32_t> starts(int64_t count) {
    Array<int32_t> out(count);
    for (int32_t& x : out) x = int32_t(random.next() * 20000);
    return out;
  }
  Array<float> units(int64_t count) {
    Array<float> out(count);
    for (float& x : out) x = (random.next() + 1.1f) / 300;
    return out;
  }
  static int requantized(int64_t sum, float unit, int32_t zero, bool is_signed) {
    const int least = is_signed ? -128 : 0;
    return int(std::clamp(std::nearbyint(float(sum) * unit) + float(zero), float(least), float(least + 255)));
  }
  /// What a CodeResidual makes of a code.
  static int added(int own, int other, const CodeResidual& r) {
    const volatile float p = float(own - r.own_scale.zero) * (r.own_scale.scale / r.y_scale.scale),
                         q = float(other - r.scale.zero) * (r.scale.scale / r.y_scale.scale);
    const float least = r.y_scale.is_signed ? -128 : 0;
    return int(std::clamp(std::nearbyint(p + q) + float(r.y_scale.zero), least, least + 255));
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
          const int64_t reach = *std::max_element(offsets.begin(), offsets.end()) + depth;
          const auto x = bytes((rows - 1) * x_row + (columns - 1) * x_column + reach, {0, 255}), w = bytes(n * taps * depth, {0x80, 0x7f});
          const auto start = starts(n), weight_zeros = starts(n);
          const auto unit = units(n);
          Array<uint8_t> packed(k.integer_packed_size(depth, n, taps)), y(rows * columns * (n + 2) - 2, 7);
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
              for (int64_t i = 0; i < n + 2 && (row * columns + column) * (n + 2) + i < y.size(); ++i) {
                const uint8_t got = y[(row * columns + column) * (n + 2) + i];
                if (i >= n) {
                  ASSERT_EQ(got, 7) << "written behind the channels";
                  continue;
                }
                int64_t sum = start[i];
                for (int64_t tap = 0; tap < taps; ++tap)
                  for (int64_t d = 0; d < depth; ++d) {
                    const int64_t weight = int8_t(w[(i * taps + tap) * depth + d]) - (zeros ? weight_zeros[i] : 0);
                    sum += x[row * x_row + column * x_column + offsets[size_t(tap)] + d] * weight;
                  }
                ASSERT_EQ(code(got, is_signed), requantized(int32_t(sum), unit[i], args.requantize.zero, is_signed))
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
        Array<uint8_t> packed(k.depthwise_codes_size(channels, taps)), y(rows * columns * (channels + 1), 7);
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
            const uint8_t got = y[at * (channels + 1) + c];
            if (c == channels) {
              ASSERT_EQ(got, 7) << "written behind the channels";
              continue;
            }
            int64_t sum = start[c];
            for (int64_t tap = 0; tap < taps; ++tap)
              sum += x[at / columns * x_row + at % columns * channels + offsets[size_t(tap)] + c] * int8_t(w[c * taps + tap]);
            ASSERT_EQ(code(got, is_signed), requantized(sum, unit[c], is_signed ? 100 : 3, is_signed)) << channels << " channels, " << taps;
          }
      }
}

TEST_P(Codes, ConvolutionAddsAResidualAsTheSumByItselfDoes) {
  for (int64_t columns : {1, 3, 15})
    for (int64_t n : {1, 15, 16, 32, 45})
      for (bool is_signed : {false, true}) {
        const int64_t depth = 19, tap[] = {0}, size = (columns - 1) * (n + 1) + n;
        const auto x = bytes(columns * depth, {0, 255}), w = bytes(n * depth, {0x80, 0x7f}), residual = bytes(size, {0, 255});
        const auto start = starts(n);
        const auto unit = units(n);
        Array<uint8_t> packed(k.integer_packed_size(depth, n, 1)), y(size, 7);
        k.integer_pack({.b = w.data(), .ldb = depth, .transposed = true, .k = depth, .n = n, .packed = packed.data()});
        CodeConvArgs args{.rows = 1, .columns = columns, .x = x.data(), .x_row = 0, .x_column = depth, .tap_offsets = tap, .taps = 1};
        args.depth = depth, args.weights = packed.data(), args.n = n, args.y = y.data(), args.y_column = n + 1;
        args.requantize = {start.data(), unit.data(), is_signed ? 9 : 120, is_signed};
        args.residual = {residual.data(), {0.37f, 77, !is_signed}, {0.21f, args.requantize.zero, is_signed}, {0.53f, 20, is_signed}};
        k.conv_codes(args);
        for (int64_t at = 0; at < columns; ++at)
          for (int64_t i = 0; i < n; ++i) {
            int64_t sum = start[i];
            for (int64_t d = 0; d < depth; ++d) sum += x[at * depth + d] * int8_t(w[i * depth + d]);
            const int own = requantized(sum, unit[i], args.requantize.zero, is_signed);
            ASSERT_EQ(code(y[at * (n + 1) + i], is_signed), added(own, code(residual[at * (n + 1) + i], !is_signed), args.residual))
                << columns << " columns, " << n << " channels at " << at << ", " << i;
          }
      }
}

TEST_P(Codes, SumsOfConvolutionsLessBothZeroPointsBecomeIntegersAndFloats) {
  for (int64_t columns : {1, 8, 15})
    for (int64_t n : {1, 16, 17, 45})
      for (bool unsigned_weights : {false, true})
        for (bool floats : {false, true}) {
          const int64_t rows = 2, depth = 70, tap[] = {0, 5}, x_row = columns * depth + 3, y_row = columns * (n + 1);
          const auto x = bytes((rows - 1) * x_row + columns * depth + 5, {0, 255}), w = bytes(n * 2 * depth, {0, 0x80, 0x7f, 0xff});
          const auto zeros = starts(n);
          const auto scales = units(n), bias = units(n);
          Array<uint8_t> packed(k.integer_packed_size(depth, n, 2));
          Array<int32_t> y(rows * y_row, 7);
          k.integer_pack({.b = w.data(),
                          .ldb = 2 * depth,
                          .transposed = true,
                          .b_signed = !unsigned_weights,
                          .k = depth,
                          .n = n,
                          .taps = 2,
                          .packed = packed.data()});
          CodeConvArgs args{.rows = rows, .columns = columns, .x = x.data(), .x_row = x_row, .x_column = depth, .tap_offsets = tap};
          args.taps = 2, args.depth = depth, args.weights = packed.data(), args.n = n, args.y_row = y_row, args.y_column = n + 1;
          args.finishes = true;
          args.finish = {.b_signed = !unsigned_weights, .a_zero_point = 130, .b_zero_points = zeros.data(), .c = y.data()};
          if (floats) {
            args.finish.epilogue = {.output = IntegerOutput::float32, .column_scales = scales.data()};
            args.finish.epilogue.floats = {.bias_columns = bias.data(), .activation = Activation::relu};
          }
          k.conv_codes(args);
          for (int64_t at = 0; at < rows * columns; ++at)
            for (int64_t i = 0; i < n; ++i) {
              int64_t sum = 0;
              for (int64_t t = 0; t < 2; ++t)
                for (int64_t d = 0; d < depth; ++d)
                  sum += (x[at / columns * x_row + at % columns * depth + tap[t] + d] - 130) *
                         (code(w[(i * 2 + t) * depth + d], !unsigned_weights) - int64_t{zeros[i]});
              const int32_t got = y[at / columns * y_row + at % columns * (n + 1) + i], whole = int32_t(uint32_t(uint64_t(sum)));
              const volatile float product = float(whole) * scales[i];
              float real;
              std::memcpy(&real, &got, 4);
              if (floats)
                ASSERT_EQ(real, std::max(product + bias[i], 0.0f)) << at << ", " << i << " of " << n;
              else
                ASSERT_EQ(got, whole) << at << ", " << i << " of " << n;
            }
        }
}

TEST_P(Codes, SumsOfDepthwiseConvolutionsForEveryTailOfChannels) {
  for (int64_t channels : {1, 15, 16, 31, 33, 64, 65, 130})
    for (int64_t columns : {1, 7, 16}) {
      const int64_t taps = 4, tap[] = {0, channels, 2, 5};
      const auto x = bytes((columns + 1) * channels + 5 + k.depthwise_codes_slack, {0, 255}), w = bytes(channels * taps, {0x80, 0x7f});
      const auto scales = units(channels);
      Array<int32_t> none(channels), sums(channels + k.gemm_panel);
      Array<uint8_t> packed(k.depthwise_codes_size(channels, taps));
      for (int64_t i = 0; i < channels * taps; ++i) sums[i / taps] += int8_t(w[i]);
      k.depthwise_codes_pack({reinterpret_cast<const int8_t*>(w.data()), channels, taps, none.data(), scales.data(), packed.data()});
      Array<float> y(columns * channels);
      DepthwiseCodesArgs args{.rows = 1, .columns = columns, .channels = channels, .x = x.data(), .x_column = channels, .tap_offsets = tap};
      args.taps = taps, args.packed = packed.data(), args.y_column = channels, args.finishes = true, args.weight_sums = sums.data();
      args.finish = {.a_zero_point = 99, .c = y.data()};
      args.finish.epilogue = {.output = IntegerOutput::float32, .column_scales = scales.data()};
      k.depthwise_codes(args);
      for (int64_t at = 0; at < columns; ++at)
        for (int64_t c = 0; c < channels; ++c) {
          int64_t sum = 0;
          for (int64_t t = 0; t < taps; ++t) sum += (x[at * channels + tap[t] + c] - 99) * int8_t(w[c * taps + t]);
          ASSERT_EQ(y[at * channels + c], float(sum) * scales[c]) << at << ", " << c << " of " << channels;
        }
    }
}

TEST_P(Codes, SumsAndProducts) {
  for (int64_t n : {1, 7, 16, 33, 100})
    for (int64_t stride : {0, 1})
      for (bool is_signed : {false, true}) {
        const auto a = bytes(n, {0, 255}), b = bytes(n, {0, 255});
        Array<uint8_t> y(n);
        CodeBinaryArgs args{.a = a.data(), .b = b.data(), .b_stride = stride, .y = y.data(), .n = n};
        args.a_scale = {0.25f, is_signed ? -7 : 120, is_signed}, args.b_scale = {0.125f, 99, !is_signed},
        args.y_scale = {0.5f, 20, is_signed};
        for (CodeBinary kind : {CodeBinary::add, CodeBinary::mul}) {
          args.kind = kind;
          k.binary_codes(args);
          for (int64_t i = 0; i < n; ++i) {
            const float p = 0.25f * float(code(a[i], is_signed) - args.a_scale.zero),
                        q = 0.125f * float(code(b[stride * i], !is_signed) - 99);
            const float value = (kind == CodeBinary::add ? p + q : p * q) / 0.5f;
            const float least = is_signed ? -128 : 0;
            ASSERT_EQ(code(y[i], is_signed), int(std::clamp(std::nearbyint(value) + 20, least, least + 255))) << i << " of " << n;
          }
        }
        Array<float> real(n);
        k.dequantize(a.data(), args.a_scale, real.data(), n);
        for (int64_t i = 0; i < n; ++i) ASSERT_EQ(real[i], 0.25f * float(code(a[i], is_signed) - args.a_scale.zero));
      }
}

}  // namespace
}  // namespace nacre
