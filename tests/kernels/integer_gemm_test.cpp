// Products of 8-bit integers against plain loops modulo 2^32, between pages that nobody may touch.
#include <algorithm>
#include <cstring>

#include "tests/kernels/kernel_test.h"

namespace nacre {
namespace {

using kernel_test::Buffer;
using kernel_test::Guarded;
using kernel_test::KernelTest;
using kernel_test::kInfinity;
using kernel_test::kNaN;
using native::Activation;
using native::IntegerGemmArgs;
using native::IntegerOutput;
using native::IntegerPackArgs;

int32_t value_of(uint8_t byte, bool is_signed) { return is_signed ? int8_t(byte) : byte; }

struct Kind {
  bool a_signed, b_signed;
};
constexpr Kind kKinds[] = {{false, true}, {true, true}, {false, false}, {true, false}};

class IntegerGemm : public KernelTest {
 protected:
  struct Problem {
    Kind kind;
    int64_t m, n, depth, lda, ldb;
    bool transposed;
    Guarded a, b, packed, c;
    IntegerGemmArgs args;
  };

  uint8_t byte() { return uint8_t(int(random.next() * 128) + 128); }
  void fill(const Guarded& to, int64_t size) {
    for (int64_t i = 0; i < size; ++i) to.data()[i] = byte();
  }

  Problem problem(Kind kind, int64_t m, int64_t n, int64_t depth, bool transposed = false, int64_t slack = 0, bool at_end = true) {
    const int64_t lda = depth + slack, ldb = (transposed ? depth : n) + slack, b_rows = transposed ? n : depth;
    const int64_t a_size = (m - 1) * lda + depth, b_size = std::max<int64_t>((b_rows - 1) * ldb + (transposed ? depth : n), 0);
    const int64_t packed_size = k.integer_packed_size(depth, n, 1);
    Problem p{kind,
              m,
              n,
              depth,
              lda,
              ldb,
              transposed,
              Guarded(a_size, at_end),
              Guarded(b_size, at_end),
              Guarded(packed_size, at_end),
              Guarded(m * n * 4, at_end),
              {}};
    fill(p.a, a_size);
    fill(p.b, b_size);
    p.args = {.m = m,
              .n = n,
              .k = depth,
              .a = p.a.data(),
              .lda = lda,
              .a_signed = kind.a_signed,
              .b = p.packed.data(),
              .b_signed = kind.b_signed,
              .c = p.c.data(),
              .ldc = n};
    pack(p);
    return p;
  }
  void pack(const Problem& p) {
    k.integer_pack({.b = p.b.data(),
                    .ldb = p.ldb,
                    .transposed = p.transposed,
                    .a_signed = p.kind.a_signed,
                    .b_signed = p.kind.b_signed,
                    .k = p.depth,
                    .n = p.n,
                    .packed = p.packed.data()});
  }

  int32_t sum(const Problem& p, int64_t row, int64_t column) const {
    const IntegerGemmArgs& g = p.args;
    const int64_t a_zero = g.a_zero_points ? g.a_zero_points[row] : g.a_zero_point,
                  b_zero = g.b_zero_points ? g.b_zero_points[column] : g.b_zero_point;
    uint64_t total = g.epilogue.bias_sums ? uint64_t(int64_t(g.epilogue.bias_sums[column])) : 0;
    for (int64_t d = 0; d < p.depth; ++d) {
      const int64_t x = value_of(p.a.data()[row * p.lda + d], p.kind.a_signed) - a_zero;
      const int64_t y = value_of(p.b.data()[p.transposed ? column * p.ldb + d : d * p.ldb + column], p.kind.b_signed) - b_zero;
      total += uint64_t(x * y);
    }
    return int32_t(uint32_t(total));
  }

  void expect_sums(const Problem& p) {
    const auto* c = reinterpret_cast<const int32_t*>(p.c.data());
    for (int64_t row = 0; row < p.m; ++row)
      for (int64_t column = 0; column < p.n; ++column)
        ASSERT_EQ(c[row * p.n + column], sum(p, row, column))
            << p.m << "x" << p.depth << "x" << p.n << " at " << row << "," << column << " signed " << p.kind.a_signed << p.kind.b_signed;
  }
};
NACRE_EVERY_ISA(IntegerGemm);

TEST_P(IntegerGemm, EveryRowAndColumnTail) {
  for (const Kind kind : kKinds)
    for (int64_t m = 1; m <= 2 * k.gemm_tile_rows + 1; ++m)
      for (int64_t n : {int64_t{1}, k.gemm_panel / 2, k.gemm_panel / 2 + 1, k.gemm_panel - 1, k.gemm_panel, 2 * k.gemm_panel + 3}) {
        Problem p = problem(kind, m, n, 9);
        k.integer_gemm(p.args);
        expect_sums(p);
      }
}

TEST_P(IntegerGemm, EveryDepthForFewAndManyRows) {
  for (const Kind kind : kKinds)
    for (int64_t depth : {0, 1, 2, 3, 4, 5, 6, 7, 8, 15, 16, 17, 18, 31, 33, 64, 127, 1537})
      for (int64_t m : {1, 2, 3, 4, 15})
        for (bool at_end : {true, false}) {
          Problem p = problem(kind, m, k.gemm_panel + 3, depth, false, 0, at_end);
          p.args.a_zero_point = 3, p.args.b_zero_point = -2;
          k.integer_gemm(p.args);
          expect_sums(p);
        }
}

TEST_P(IntegerGemm, StridesAndTransposedPacking) {
  for (const Kind kind : kKinds)
    for (bool transposed : {false, true})
      for (int64_t n : {1, 16, 31, 32, 70}) {
        Problem p = problem(kind, 7, n, 21, transposed, 5);
        k.integer_gemm(p.args);
        expect_sums(p);
      }
}

TEST_P(IntegerGemm, ZeroPointsOfRowsAndColumns) {
  std::vector<int32_t> rows(19), columns(75), bias(75);
  for (auto& v : rows) v = byte();
  for (auto& v : columns) v = byte() - 128;
  for (auto& v : bias) v = (byte() - 128) << 20;
  for (const Kind kind : kKinds)
    for (int which = 0; which < 8; ++which) {
      Problem p = problem(kind, 19, 75, 130);
      p.args.a_zero_point = 128, p.args.b_zero_point = 7;
      if (which & 1) p.args.a_zero_points = rows.data();
      if (which & 2) p.args.b_zero_points = columns.data();
      if (which & 4) p.args.epilogue.bias_sums = bias.data();
      k.integer_gemm(p.args);
      expect_sums(p);
    }
}

// The instruction that saturates pairs to 16 bits gets these wrong.
TEST_P(IntegerGemm, ExtremesDoNotSaturate) {
  for (const Kind kind : kKinds)
    for (int signs = 0; signs < 4; ++signs) {
      Problem p = problem(kind, 5, k.gemm_panel, 64);
      const int a = kind.a_signed ? (signs & 1 ? 0x80 : 0x7f) : (signs & 1 ? 0xff : 0),
                b = kind.b_signed ? (signs & 2 ? 0x80 : 0x7f) : 0xff;
      std::memset(p.a.data(), a, size_t(5 * 64));
      std::memset(p.b.data(), b, size_t(64 * p.n));
      pack(p);
      k.integer_gemm(p.args);
      expect_sums(p);
    }
}

TEST_P(IntegerGemm, SumsBeyond31BitsWrapAround) {
  Problem p = problem({false, false}, 2, 3, 1 << 17);
  std::memset(p.a.data(), 0xff, size_t(2) << 17);
  std::memset(p.b.data(), 0xff, size_t(3) << 17);
  pack(p);
  k.integer_gemm(p.args);
  expect_sums(p);
}

TEST_P(IntegerGemm, PartsOfRowsAndColumnsMakeTheWhole) {
  const int64_t n = 4 * k.gemm_panel + 7, half = 2 * k.gemm_panel;
  Problem p = problem({false, true}, 33, n, 70);
  std::memset(p.c.data(), 0x55, size_t(33 * n * 4));
  k.integer_gemm(p.args.part_of_rows(0, 10));
  auto* c = reinterpret_cast<int32_t*>(p.c.data());
  EXPECT_EQ(c[10 * n], 0x55555555) << "rows outside the part";
  k.integer_gemm(p.args.part_of_rows(10, 33).part_of_columns(0, half));
  EXPECT_EQ(c[10 * n + half], 0x55555555) << "columns outside the part";
  k.integer_gemm(p.args.part_of_rows(10, 33).part_of_columns(half, n));
  expect_sums(p);
}

TEST_P(IntegerGemm, PackingByRangesEqualsPackingAtOnce) {
  const int64_t n = 3 * k.gemm_panel + 2, size = k.integer_packed_size(21, n, 1);
  Problem p = problem({false, true}, 1, n, 21);
  const std::vector<uint8_t> whole(p.packed.data(), p.packed.data() + size);
  std::memset(p.packed.data(), 1, size_t(size));
  IntegerPackArgs args{.b = p.b.data(), .ldb = n, .k = 21, .n = n, .packed = p.packed.data()};
  args.column_end = k.gemm_panel;
  k.integer_pack(args);
  args.column_begin = k.gemm_panel, args.column_end = n;
  k.integer_pack(args);
  EXPECT_EQ(std::memcmp(p.packed.data(), whole.data(), size_t(size)), 0);
}

// Each operation rounds by itself, so the result is that of the nodes one by one, to the bit.
TEST_P(IntegerGemm, FloatsWithScalesBiasAndResidual) {
  for (const bool by_column : {false, true})
    for (const bool by_row : {false, true})
      for (Activation activation : {Activation::none, Activation::relu, Activation::clip}) {
        Problem p = problem({false, true}, 17, k.gemm_panel + 5, 40);
        Buffer scales = random.buffer(p.n), rows = random.buffer(p.m), bias = random.buffer(p.n, 100),
               residual = random.buffer(p.m * p.n, 100);
        auto& e = p.args.epilogue;
        e.output = IntegerOutput::float32, e.scale = 0.0137f;
        if (by_column) e.column_scales = scales.data();
        if (by_row) e.row_scales = rows.data();
        e.floats = {.bias_columns = bias.data(),
                    .residual = residual.data(),
                    .residual_stride = p.n,
                    .activation = activation,
                    .alpha = -30,
                    .beta = 40};
        k.integer_gemm(p.args);
        const auto* c = reinterpret_cast<const float*>(p.c.data());
        for (int64_t row = 0; row < p.m; ++row)
          for (int64_t column = 0; column < p.n; ++column) {
            const volatile float scale = (by_column ? scales[column] : 0.0137f) * (by_row ? rows[row] : 1);
            const volatile float product = float(sum(p, row, column)) * scale;
            const volatile float biased = product + bias[column];
            float want = biased + residual[row * p.n + column];
            if (activation == Activation::relu) want = std::max(want, 0.0f);
            if (activation == Activation::clip) want = std::clamp(want, -30.0f, 40.0f);
            ASSERT_EQ(c[row * p.n + column], want) << row << "," << column;
          }
      }
}

TEST_P(IntegerGemm, ActivationsAreThoseOfTheirOwnKernel) {
  for (int kind = 0; kind < static_cast<int>(Activation::count_); ++kind) {
    Problem p = problem({false, true}, 6, k.gemm_panel + 1, 24);
    Buffer late = random.buffer(p.m * p.n), values(p.m * p.n), want(p.m * p.n);
    auto& e = p.args.epilogue;
    e.output = IntegerOutput::float32, e.scale = 1e-4f;
    e.floats = {.residual = late.data(),
                .residual_stride = p.n,
                .residual_after_activation = true,
                .activation = static_cast<Activation>(kind),
                .alpha = 0.25f,
                .beta = 0.75f};
    k.integer_gemm(p.args);
    for (int64_t i = 0; i < p.m * p.n; ++i) values[i] = float(sum(p, i / p.n, i % p.n)) * 1e-4f;
    k.activate(e.floats.activation, 0.25f, 0.75f, values.data(), want.data(), p.m * p.n);
    const auto* c = reinterpret_cast<const float*>(p.c.data());
    for (int64_t i = 0; i < p.m * p.n; ++i) ASSERT_FLOAT_EQ(c[i], want[i] + late[i]) << kind;
  }
}

TEST_P(IntegerGemm, BytesAreRoundedToEvenAndSaturated) {
  for (const bool is_signed : {false, true})
    for (const bool exactly : {false, true})
      for (const float multiplier : {0.5f, 0.0625f, 1e-3f, 1.0f, -0.5f}) {
        Problem p = problem({false, true}, 15, k.gemm_panel + 9, 3);
        auto& e = p.args.epilogue;
        e.output = is_signed ? IntegerOutput::int8 : IntegerOutput::uint8;
        e.scale = multiplier, e.multiplies_exactly = exactly, e.output_zero_point = is_signed ? -3 : 130;
        if (!exactly) e.output_scale = 0.75f;
        k.integer_gemm(p.args);
        for (int64_t row = 0; row < p.m; ++row)
          for (int64_t column = 0; column < p.n; ++column) {
            const int32_t s = sum(p, row, column);
            const double level =
                std::nearbyint(exactly ? double(s) * double(multiplier) : double(float(s) * multiplier / 0.75f)) + e.output_zero_point;
            const double want = is_signed ? std::clamp(level, -128.0, 127.0) : std::clamp(level, 0.0, 255.0);
            ASSERT_EQ(value_of(p.c.data()[row * p.n + column], is_signed), int(want)) << s << " * " << multiplier;
          }
      }
}

TEST_P(IntegerGemm, BytesOfLargeSumsAreExact) {
  Problem p = problem({false, false}, 3, k.gemm_panel, 5000);
  std::vector<float> scales(size_t(p.n));
  for (int64_t i = 0; i < p.n; ++i) scales[size_t(i)] = 1e-6f + 1e-8f * float(i);
  p.args.epilogue = {.output = IntegerOutput::uint8, .column_scales = scales.data(), .multiplies_exactly = true, .output_zero_point = 3};
  k.integer_gemm(p.args);
  for (int64_t i = 0; i < p.m * p.n; ++i) {
    const double level = std::nearbyint(double(sum(p, i / p.n, i % p.n)) * double(scales[size_t(i % p.n)])) + 3;
    ASSERT_EQ(p.c.data()[i], int(std::clamp(level, 0.0, 255.0)));
  }
}

TEST_P(IntegerGemm, RangeHoldsZeroAndPassesOverNaN) {
  for (int64_t n = 0; n < 70; ++n) {
    Buffer x = random.buffer(n, 9);
    if (n > 5) x[n / 2] = kNaN;
    float low = 1, high = -1, least = 0, most = 0;
    for (int64_t i = 0; i < n; ++i)
      if (!std::isnan(x[i])) least = std::min(least, x[i]), most = std::max(most, x[i]);
    k.range_with_zero(x.data(), n, &low, &high);
    ASSERT_EQ(low, least) << n;
    ASSERT_EQ(high, most) << n;
  }
}

TEST_P(IntegerGemm, QuantizingDividesRoundsToEvenAndSaturates) {
  for (const bool is_signed : {false, true})
    for (int64_t n = 1; n < 70; ++n) {
      Buffer x = random.buffer(n, 40);
      if (n > 5) x[1] = 0.15f * 7 / 2, x[2] = kInfinity, x[3] = -kInfinity, x[4] = kNaN, x[5] = 1e30f;
      Guarded y(n);
      k.quantize(x.data(), 0.15f, is_signed ? 5 : 128, is_signed, y.data(), n);
      for (int64_t i = 0; i < n; ++i) {
        const float level = std::nearbyint(x[i] / 0.15f) + (is_signed ? 5.0f : 128.0f), least = is_signed ? -128 : 0,
                    most = is_signed ? 127 : 255;
        ASSERT_EQ(value_of(y.data()[i], is_signed), int(!(level > least) ? least : std::min(level, most))) << x[i];
      }
    }
}

}  // namespace
}  // namespace nacre
