#include <algorithm>

#include "tests/kernels/kernel_test.h"

namespace nacre {
namespace {

using kernel_test::Buffer;
using kernel_test::KernelTest;
using kernel_test::kInfinity;
using kernel_test::kNaN;
using native::Activation;
using native::Epilogue;
using native::GemmArgs;
using native::MatrixLayout;

double activation_in_double(const Epilogue& e, double x) {
  auto clip = [](double v, double low, double high) { return v < low ? low : v > high ? high : v; };
  double alpha = e.alpha, beta = e.beta;
  switch (e.activation) {
    case Activation::none: return x;
    case Activation::relu: return x < 0 ? 0 : x;
    case Activation::clip: return clip(x, alpha, beta);
    case Activation::leaky_relu: return x < 0 ? alpha * x : x;
    case Activation::elu: return x < 0 ? alpha * std::expm1(x) : x;
    case Activation::hardsigmoid: return clip(alpha * x + beta, 0, 1);
    case Activation::hardswish: return x * clip(x / 6 + 0.5, 0, 1);
    case Activation::sigmoid: return 1 / (1 + std::exp(-x));
    case Activation::tanh: return std::tanh(x);
    case Activation::silu: return x / (1 + std::exp(-x));
    case Activation::gelu_erf: return x * 0.5 * std::erfc(-x / std::sqrt(2.0));
    case Activation::gelu_tanh: return x / (1 + std::exp(-2 * std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    case Activation::mish: return x * std::tanh(std::log1p(std::exp(x)));
    case Activation::softplus: return std::log1p(std::exp(x));
    case Activation::count_: break;
  }
  return kNaN;
}

class Gemm : public KernelTest {
 protected:
  struct Problem {
    int64_t m, n, depth, lda, ldb, ldc;
    Buffer a, b, c, packed, scratch;
    GemmArgs args;
  };

  Problem problem(int64_t m, int64_t n, int64_t depth, MatrixLayout layout, int64_t slack = 0) {
    int64_t lda = depth + slack, ldc = n + slack, ldb = (layout == MatrixLayout::transposed ? depth : n) + slack;
    int64_t b_rows = layout == MatrixLayout::transposed ? n : depth, b_columns = layout == MatrixLayout::transposed ? depth : n;
    Problem p{m,
              n,
              depth,
              lda,
              ldb,
              ldc,
              random.buffer(extent(m, depth, lda)),
              random.buffer(extent(b_rows, b_columns, ldb)),
              Buffer(extent(m, n, ldc), 7),
              Buffer(k.gemm_packed_size(depth, n), kNaN),
              Buffer(k.gemm_scratch(depth, n), kNaN),
              GemmArgs{}};
    p.args.m = m, p.args.n = n, p.args.k = depth;
    p.args.a = p.a.data(), p.args.lda = lda, p.args.b = p.b.data(), p.args.ldb = ldb, p.args.b_layout = layout;
    p.args.c = p.c.data(), p.args.ldc = ldc, p.args.scratch = p.scratch.data();
    return p;
  }
  static int64_t extent(int64_t rows, int64_t columns, int64_t stride) { return rows && columns ? (rows - 1) * stride + columns : 0; }

  void pack(Problem& p) {
    k.gemm_pack(p.b.data(), p.ldb, p.args.b_layout == MatrixLayout::transposed, p.depth, p.n, p.packed.data(), 0, p.n);
    p.args.b = p.packed.data();
  }

  double product(const Problem& p, bool transposed, int64_t row, int64_t column) {
    double sum = 0;
    for (int64_t d = 0; d < p.depth; ++d)
      sum += double(p.a[row * p.lda + d]) * double(transposed ? p.b[column * p.ldb + d] : p.b[d * p.ldb + column]);
    return sum;
  }
  /// Half an ulp at each of `depth` additions to sums of size sqrt(depth): a small part of what one missing product would show.
  static double tolerance(int64_t depth) { return 6e-8 * (8 + 2 * double(depth)); }

  void expect_product(const Problem& p, bool transposed) {
    for (int64_t row = 0; row < p.m; ++row)
      for (int64_t column = 0; column < p.n; ++column)
        ASSERT_NEAR(p.c[row * p.ldc + column], product(p, transposed, row, column), tolerance(p.depth))
            << p.m << "x" << p.depth << "x" << p.n << " at " << row << "," << column;
  }
};
NACRE_EVERY_ISA(Gemm);

TEST_P(Gemm, EveryRowAndColumnTail) {
  for (int64_t m = 1; m <= 2 * k.gemm_tile_rows + 1; ++m)
    for (int64_t n : {int64_t{1}, k.gemm_panel / 2 - 1, k.gemm_panel / 2, k.gemm_panel / 2 + 1, k.gemm_panel - 1, k.gemm_panel,
                      k.gemm_panel + 1, 2 * k.gemm_panel + 3}) {
      Problem p = problem(m, n, 5, MatrixLayout::row_major);
      pack(p);
      p.args.b_layout = MatrixLayout::packed;
      k.gemm(p.args);
      expect_product(p, false);
    }
}

TEST_P(Gemm, EveryDepthForFewAndManyRows) {
  for (int64_t depth : {0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 33, 511, 512, 513, 1025, 1300})
    for (int64_t m : {1, 2, 3, 4, 15}) {
      Problem p = problem(m, k.gemm_panel + 3, depth, MatrixLayout::row_major);
      pack(p);
      p.args.b_layout = MatrixLayout::packed;
      k.gemm(p.args);
      expect_product(p, false);
    }
}

TEST_P(Gemm, UnpackedLayoutsWithStrides) {
  for (MatrixLayout layout : {MatrixLayout::row_major, MatrixLayout::transposed})
    for (int64_t m : {1, 3, 14, 40})
      for (int64_t n : {1, 16, 31, 32, 64, 70})
        for (int64_t depth : {1, 16, 19, 64, 530}) {
          Problem p = problem(m, n, depth, layout, 3);
          k.gemm(p.args);
          expect_product(p, layout == MatrixLayout::transposed);
          if (n + 1 < p.ldc && m > 1) EXPECT_EQ(p.c[n], 7) << "wrote between rows";
        }
}

TEST_P(Gemm, PackingATransposedMatrixGivesTheSamePanels) {
  Problem p = problem(3, 2 * k.gemm_panel + 5, 37, MatrixLayout::transposed, 2);
  pack(p);
  p.args.b_layout = MatrixLayout::packed;
  k.gemm(p.args);
  expect_product(p, true);
}

TEST_P(Gemm, PackingByRangesEqualsPackingAtOnce) {
  int64_t n = 3 * k.gemm_panel + 2, depth = 21;
  Problem p = problem(1, n, depth, MatrixLayout::row_major);
  pack(p);
  Buffer parts(p.packed.size(), kNaN);
  k.gemm_pack(p.b.data(), p.ldb, false, depth, n, parts.data(), 0, k.gemm_panel);
  k.gemm_pack(p.b.data(), p.ldb, false, depth, n, parts.data(), k.gemm_panel, n);
  for (int64_t i = 0; i < parts.size(); ++i) ASSERT_EQ(parts[i], p.packed[i]) << i;
}

TEST_P(Gemm, PartsOfRowsAndColumnsMakeTheWhole) {
  int64_t n = 4 * k.gemm_panel + 7, half = 2 * k.gemm_panel;
  for (MatrixLayout layout : {MatrixLayout::row_major, MatrixLayout::transposed}) {
    Problem p = problem(33, n, 700, layout);
    k.gemm(p.args.part_of_rows(0, 10));
    EXPECT_EQ(p.c[10 * p.ldc], 7) << "rows outside the part";
    k.gemm(p.args.part_of_rows(10, 33).part_of_columns(0, half));
    EXPECT_EQ(p.c[10 * p.ldc + half], 7) << "columns outside the part";
    k.gemm(p.args.part_of_rows(10, 33).part_of_columns(half, n));
    expect_product(p, layout == MatrixLayout::transposed);
  }
}

TEST_P(Gemm, ThinPartsOfRowsGiveTheBitsOfTheWhole) {
  const int64_t n = k.gemm_panel + 5, depth = 700;
  for (int64_t m : {8, 33}) {
    Problem whole = problem(m, n, depth, MatrixLayout::row_major);
    Buffer parts(whole.c.size(), 7);
    k.gemm(whole.args);
    GemmArgs args = whole.args;
    args.c = parts.data();
    for (int64_t row = 0, rows = 1; row < m; row += rows++) k.gemm(args.part_of_rows(row, std::min(row + rows, m)));
    for (int64_t i = 0; i < parts.size(); ++i) ASSERT_EQ(parts[i], whole.c[i]) << m << " rows, at " << i;
  }
}

TEST_P(Gemm, EveryActivationWithBiasesAndResidual) {
  for (int kind = 0; kind < static_cast<int>(Activation::count_); ++kind)
    for (int64_t depth : {9, 600})
      for (bool is_late : {false, true}) {
        Problem p = problem(17, k.gemm_panel + 3, depth, MatrixLayout::row_major);
        for (int64_t i = 0; i < p.a.size(); ++i) p.a[i] *= 3 / std::sqrt(float(depth));
        Buffer columns = random.buffer(p.n), rows = random.buffer(p.m), residual = random.buffer(p.m * (p.n + 2));
        Epilogue e{columns.data(), rows.data(), residual.data(), p.n + 2, 0.5f, is_late, static_cast<Activation>(kind), 0.25f, 0.75f};
        p.args.epilogue = e;
        k.gemm(p.args);
        for (int64_t row = 0; row < p.m; ++row)
          for (int64_t column = 0; column < p.n; ++column) {
            double added = 0.5 * residual[row * (p.n + 2) + column];
            double x = product(p, false, row, column) + columns[column] + rows[row];
            double want = is_late ? activation_in_double(e, x) + added : activation_in_double(e, x + added);
            ASSERT_NEAR(p.c[row * p.ldc + column], want, tolerance(depth)) << "activation " << kind << " depth " << depth;
          }
      }
}

TEST_P(Gemm, ResidualMayBeTheOutputItself) {
  Problem p = problem(20, 40, 1100, MatrixLayout::row_major);
  p.args.epilogue.residual = p.c.data(), p.args.epilogue.residual_stride = p.ldc, p.args.epilogue.residual_scale = 2;
  k.gemm(p.args);
  for (int64_t row = 0; row < p.m; ++row)
    for (int64_t column = 0; column < p.n; ++column)
      ASSERT_NEAR(p.c[row * p.ldc + column], product(p, false, row, column) + 14, tolerance(1100) + 2e-6);
}

TEST_P(Gemm, NaNAndInfinityReachOnlyTheirRowsAndColumns) {
  Problem p = problem(16, 40, 20, MatrixLayout::row_major);
  p.a[3 * p.lda + 7] = kNaN;
  p.b[2 * p.ldb + 39] = kInfinity;
  pack(p);
  p.args.b_layout = MatrixLayout::packed;
  p.args.epilogue.activation = Activation::relu;
  k.gemm(p.args);
  for (int64_t row = 0; row < p.m; ++row)
    for (int64_t column = 0; column < p.n; ++column) {
      float got = p.c[row * p.ldc + column];
      if (row == 3)
        EXPECT_TRUE(std::isnan(got)) << column;
      else if (column == 39)
        EXPECT_TRUE(got == (p.a[row * p.lda + 2] > 0 ? kInfinity : 0.0f)) << row;
      else
        EXPECT_TRUE(std::isfinite(got)) << row << "," << column;
    }
}

TEST_P(Gemm, TransposeOfAnySize) {
  for (int64_t rows : {1, 3, 4, 8, 15, 16, 17, 35})
    for (int64_t columns : {1, 5, 8, 16, 31, 33}) {
      Buffer source = random.buffer(rows * columns), target(rows * columns, 7);
      k.transpose(source.data(), columns, target.data(), rows, rows, columns);
      for (int64_t i = 0; i < rows; ++i)
        for (int64_t j = 0; j < columns; ++j) ASSERT_EQ(target[j * rows + i], source[i * columns + j]);
    }
}

TEST_P(Gemm, ZeroSizesDoNothing) {
  for (auto [m, n] : {std::pair<int64_t, int64_t>{0, 5}, {5, 0}}) {
    Problem p = problem(m, n, 4, MatrixLayout::row_major);
    k.gemm(p.args);
  }
}

}  // namespace
}  // namespace nacre
