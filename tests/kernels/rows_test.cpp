#include <algorithm>

#include "tests/kernels/kernel_test.h"

namespace nacre {
namespace {

using kernel_test::Buffer;
using kernel_test::KernelTest;
using kernel_test::kInfinity;
using kernel_test::kNaN;
using native::NormArgs;
using native::Reduction;
using native::SoftmaxArgs;

class Rows : public KernelTest {
 protected:
  float reduce(Reduction reduction, const Buffer& x) { return k.reduce[static_cast<int>(reduction)](x.data(), x.size()); }
};
NACRE_EVERY_ISA(Rows);

TEST_P(Rows, ReductionsOfEveryLength) {
  for (int64_t n : {1, 2, 3, 4, 5, 8, 15, 16, 17, 31, 33, 64, 100, 4095, 4096, 4097, 10007}) {
    Buffer x = random.buffer(n);
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < n; ++i) sum += x[i], squares += double(x[i]) * x[i];
    EXPECT_NEAR(reduce(Reduction::sum, x), sum, 1e-6 * std::sqrt(double(n)) + 1e-7 * std::fabs(sum)) << n;
    EXPECT_NEAR(reduce(Reduction::mean, x), sum / double(n), 1e-6) << n;
    EXPECT_NEAR(reduce(Reduction::sum_square, x), squares, 1e-6 * squares + 1e-7) << n;
    EXPECT_EQ(reduce(Reduction::max, x), *std::max_element(x.data(), x.data() + n)) << n;
    EXPECT_EQ(reduce(Reduction::min, x), *std::min_element(x.data(), x.data() + n)) << n;
  }
}

TEST_P(Rows, SumOfAMillionTenthsKeepsItsDigits) {
  Buffer x(1000000, 0.1f);
  EXPECT_NEAR(reduce(Reduction::sum, x), 1000000 * double(0.1f), 0.1);  // 16 ulp; one running sum is off by 900
}

TEST_P(Rows, ExtremesGiveNaNWhereverItStands) {
  for (int64_t n : {1, 5, 16, 37})
    for (int64_t at = 0; at < n; ++at) {
      Buffer x = random.buffer(n);
      x[at] = kNaN;
      EXPECT_TRUE(std::isnan(reduce(Reduction::max, x))) << n << " at " << at;
      EXPECT_TRUE(std::isnan(reduce(Reduction::min, x))) << n << " at " << at;
    }
  EXPECT_EQ(reduce(Reduction::max, Buffer(0)), -kInfinity);
  EXPECT_EQ(reduce(Reduction::sum, Buffer(0)), 0);
}

std::vector<double> softmax_of(const float* x, int64_t n, double scale, const float* mask) {
  std::vector<double> y(n);
  double largest = -INFINITY, sum = 0;
  for (int64_t i = 0; i < n; ++i) largest = std::max(largest, y[i] = x[i] * scale + (mask ? mask[i] : 0));
  for (double& v : y) sum += v = std::exp(v - largest);
  for (double& v : y) v /= sum;
  return y;
}

TEST_P(Rows, SoftmaxAndItsLogarithmWithScaleAndMask) {
  for (int64_t n : {1, 2, 3, 7, 8, 15, 16, 17, 100, 5000})
    for (bool has_mask : {false, true}) {
      Buffer x = random.buffer(3 * n, 20), mask = random.buffer(3 * n), y(3 * n), z(3 * n);
      if (has_mask && n > 1) mask[n - 1] = -kInfinity;
      SoftmaxArgs args{x.data(), y.data(), 3, n, 0.125f, has_mask ? mask.data() : nullptr, n};
      k.softmax(args);
      args.y = z.data();
      k.log_softmax(args);
      for (int64_t row = 0; row < 3; ++row) {
        auto want = softmax_of(x.data() + row * n, n, 0.125, has_mask ? mask.data() + row * n : nullptr);
        for (int64_t i = 0; i < n; ++i) {
          ASSERT_NEAR(y[row * n + i], want[i], 2e-6 * want[i] + 1e-12) << n;
          if (want[i] > 0)
            ASSERT_NEAR(z[row * n + i], std::log(want[i]), 3e-6) << n;
          else
            ASSERT_EQ(z[row * n + i], -kInfinity);
        }
      }
    }
}

TEST_P(Rows, SoftmaxInPlaceWithOneMaskForAllRows) {
  int64_t n = 21;
  Buffer x = random.buffer(2 * n), mask = random.buffer(n);
  auto first = softmax_of(x.data(), n, 1, mask.data()), second = softmax_of(x.data() + n, n, 1, mask.data());
  k.softmax({x.data(), x.data(), 2, n, 1, mask.data(), 0});
  for (int64_t i = 0; i < n; ++i) {
    EXPECT_NEAR(x[i], first[i], 1e-6);
    EXPECT_NEAR(x[n + i], second[i], 1e-6);
  }
}

TEST_P(Rows, SoftmaxOfExtremes) {
  Buffer x(20, 1e30f), y(20);
  k.softmax({x.data(), y.data(), 1, 20, 1, nullptr, 0});
  EXPECT_NEAR(y[19], 0.05f, 1e-7);
  for (float everywhere : {-kInfinity, kNaN}) {
    std::fill(x.data(), x.data() + 20, everywhere);
    k.softmax({x.data(), y.data(), 1, 20, 1, nullptr, 0});
    for (int64_t i = 0; i < 20; ++i) EXPECT_TRUE(std::isnan(y[i])) << everywhere;
  }
  std::fill(x.data(), x.data() + 20, 0);
  x[18] = kNaN;
  k.softmax({x.data(), y.data(), 1, 20, 1, nullptr, 0});
  for (int64_t i = 0; i < 20; ++i) EXPECT_TRUE(std::isnan(y[i]));
}

struct NormCase {
  bool is_layer, has_residual, keeps_sum, has_gamma, has_beta;
};

class NormOf : public Rows {
 protected:
  void check(const NormCase& c, int64_t n) {
    constexpr int64_t kRows = 3;
    Buffer x = random.buffer(kRows * n, 3), residual = random.buffer(kRows * n), gamma = random.buffer(n), beta = random.buffer(n);
    Buffer y(kRows * n), sum(kRows * n), mean(kRows), inverse(kRows);
    NormArgs args;
    args.x = x.data(), args.y = y.data(), args.rows = kRows, args.n = n, args.epsilon = 1e-3f;
    if (c.has_residual) args.residual = residual.data();
    if (c.keeps_sum) args.sum = sum.data();
    if (c.has_gamma) args.gamma = gamma.data();
    if (c.has_beta) args.beta = beta.data();
    args.mean = mean.data(), args.inverse_deviation = inverse.data();
    (c.is_layer ? k.layer_norm : k.rms_norm)(args);
    for (int64_t row = 0; row < kRows; ++row) {
      std::vector<double> s(n);
      double average = 0, variance = 0;
      for (int64_t i = 0; i < n; ++i) average += s[i] = x[row * n + i] + (c.has_residual ? residual[row * n + i] : 0.0);
      average = c.is_layer ? average / double(n) : 0;
      for (double v : s) variance += (v - average) * (v - average) / double(n);
      double scale = 1 / std::sqrt(variance + 1e-3);
      EXPECT_NEAR(inverse[row], scale, 1e-6 * scale);
      if (c.is_layer) EXPECT_NEAR(mean[row], average, 1e-6);
      for (int64_t i = 0; i < n; ++i) {
        double want = (s[i] - average) * scale * (c.has_gamma ? gamma[i] : 1.0) + (c.has_beta ? beta[i] : 0.0);
        ASSERT_NEAR(y[row * n + i], want, 1e-6 * (1 + scale)) << n;
        if (c.keeps_sum) ASSERT_NEAR(sum[row * n + i], s[i], 3e-7);
      }
    }
  }
};
NACRE_EVERY_ISA(NormOf);

TEST_P(NormOf, EveryLengthAndEveryOption) {
  for (int64_t n : {1, 2, 3, 5, 8, 15, 16, 17, 33, 384, 1000})
    for (int options = 0; options < 32; ++options)
      check({(options & 1) != 0, (options & 2) != 0, (options & 4) != 0, (options & 8) != 0, (options & 16) != 0}, n);
}

TEST_P(NormOf, FarFromZeroKeepsItsVariance) {
  int64_t n = 64;
  Buffer x(n), y(n);
  for (int64_t i = 0; i < n; ++i) x[i] = 10000 + float(i % 2);
  NormArgs args;
  args.x = x.data(), args.y = y.data(), args.rows = 1, args.n = n, args.epsilon = 0;
  k.layer_norm(args);
  for (int64_t i = 0; i < n; ++i) EXPECT_NEAR(y[i], i % 2 ? 1 : -1, 1e-4);
}

TEST_P(NormOf, InPlaceWithResidual) {
  int64_t n = 37;
  Buffer x = random.buffer(n), residual = random.buffer(n), y(n);
  NormArgs args;
  args.x = x.data(), args.residual = residual.data(), args.y = y.data(), args.rows = 1, args.n = n;
  k.layer_norm(args);
  args.y = x.data(), args.sum = residual.data();
  k.layer_norm(args);
  for (int64_t i = 0; i < n; ++i) EXPECT_EQ(x[i], y[i]);
}

}  // namespace
}  // namespace nacre
