#include <cstring>
#include <functional>

#include "tests/kernels/kernel_test.h"

namespace nacre {
namespace {

using kernel_test::Buffer;
using kernel_test::KernelTest;
using kernel_test::kInfinity;
using kernel_test::kNaN;
using kernel_test::ulp_error;
using native::Binary;
using native::Unary;

class VectorMath : public KernelTest {
 protected:
  void apply(Unary function, const Buffer& x, Buffer& y) { k.unary[static_cast<int>(function)](x.data(), y.data(), x.size()); }
  float apply(Unary function, float x) {
    k.unary[static_cast<int>(function)](&x, &x, 1);
    return x;
  }

  /// Every `step`th float32 of all there are, NaN, infinities and denormals included; within `limit` in size.
  static Buffer floats(uint32_t step, float limit = kInfinity) {
    std::vector<float> chosen;
    for (uint64_t pattern = 0; pattern < (uint64_t{1} << 32); pattern += step) {
      uint32_t word = static_cast<uint32_t>(pattern);
      float x;
      std::memcpy(&x, &word, 4);
      if (!(std::fabs(x) > limit)) chosen.push_back(x);
    }
    for (float x : {0.0f, -0.0f, kInfinity, -kInfinity, kNaN, 1.0f, -1.0f, 1e-45f, -1e-45f, 3.4e38f, -3.4e38f})
      if (!(std::fabs(x) > limit)) chosen.push_back(x);
    Buffer all(static_cast<int64_t>(chosen.size()));
    std::copy(chosen.begin(), chosen.end(), all.data());
    return all;
  }

  /// Within `ulps` of float64 wherever the result is above `smallest` in size.
  void expect_close(Unary function, double (*exact)(double), double ulps, float limit = kInfinity, double smallest = 0) {
    Buffer x = floats(4093, limit), y(x.size());
    apply(function, x, y);
    double worst = 0;
    float worst_at = 0;
    for (int64_t i = 0; i < x.size(); ++i) {
      double error = ulp_error(y[i], exact(x[i]));
      if (std::fabs(y[i] - exact(x[i])) < smallest * 1e-7) error = 0;
      if (error > worst) worst = error, worst_at = x[i];
    }
    RecordProperty("worst_ulp", std::to_string(worst));
    EXPECT_LE(worst, ulps) << "at " << worst_at << ": got " << apply(function, worst_at) << ", exact " << exact(worst_at);
  }
};
NACRE_EVERY_ISA(VectorMath);

double normal_tail(double t) { return 0.5 * std::erfc(t / std::sqrt(2.0)); }

TEST_P(VectorMath, Exp) { expect_close(Unary::exp, std::exp, 1.5); }
TEST_P(VectorMath, Log) { expect_close(Unary::log, std::log, 1.5); }
TEST_P(VectorMath, Erf) { expect_close(Unary::erf, std::erf, 2); }
TEST_P(VectorMath, Tanh) { expect_close(Unary::tanh, std::tanh, 2); }
TEST_P(VectorMath, Sqrt) {
  expect_close(Unary::sqrt, [](double x) { return x < 0 ? std::nan("") : std::sqrt(x); }, 0.5001);
}
TEST_P(VectorMath, ReciprocalSqrt) {
  expect_close(Unary::rsqrt, [](double x) { return 1 / std::sqrt(x); }, 1.5);
}
TEST_P(VectorMath, Sigmoid) {
  expect_close(Unary::sigmoid, [](double x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); }, 3);
}
TEST_P(VectorMath, Silu) {
  expect_close(
      Unary::silu,
      [](double x) { return std::isinf(x) ? std::fmax(x, 0)
                            : x < 0       ? x * std::exp(x) / (1 + std::exp(x))
                                          : x / (1 + std::exp(-x)); }, 4,
      kInfinity, 1e-36);
}
TEST_P(VectorMath, GeluErf) {
  expect_close(
      Unary::gelu_erf,
      [](double x) { return std::isinf(x) ? std::fmax(x, 0) : std::fmax(x, 0) - std::fabs(x) * normal_tail(std::fabs(x)); }, 4, kInfinity,
      1e-36);
}
TEST_P(VectorMath, Softplus) {
  expect_close(Unary::softplus, [](double x) { return std::isnan(x) ? x : std::fmax(x, 0) + std::log1p(std::exp(-std::fabs(x))); }, 3);
}
TEST_P(VectorMath, Mish) {
  expect_close(
      Unary::mish,
      [](double x) {
        double e = std::exp(std::fmin(x, 300)), n = e * (e + 2);
        return std::isnan(x) ? x : std::isinf(x) ? std::fmax(x, 0) : x * (n / (n + 2));
      },
      4, kInfinity, 1e-36);
}
TEST_P(VectorMath, SinAndCos) {
  expect_close(Unary::sin, std::sin, 4, 4096);
  expect_close(Unary::cos, std::cos, 4, 4096);
  EXPECT_LE(ulp_error(apply(Unary::sin, 1e7f), std::sin(1e7)), 1);
  EXPECT_TRUE(std::isnan(apply(Unary::cos, kInfinity)));
}

TEST_P(VectorMath, InverseTrigonometric) {
  expect_close(Unary::asin, std::asin, 3);
  expect_close(Unary::acos, std::acos, 3);
  expect_close(Unary::atan, std::atan, 3);
}

// Its exponent's own rounding grows with it: 4 ulp to the right of -1, below half an ulp of x anywhere.
TEST_P(VectorMath, GeluTanh) {
  Buffer x = floats(4093, 50), y(x.size());
  apply(Unary::gelu_tanh, x, y);
  for (int64_t i = 0; i < x.size(); ++i) {
    double v = x[i], u = std::sqrt(2 / M_PI) * (v + 0.044715 * v * v * v), exact = v / (1 + std::exp(-2 * u));
    if (std::isnan(v))
      ASSERT_TRUE(std::isnan(y[i]));
    else if (v > -1)
      ASSERT_LE(ulp_error(y[i], exact), 4) << v;
    else
      ASSERT_NEAR(y[i], exact, 6e-8 * -v) << v;
  }
  EXPECT_EQ(apply(Unary::gelu_tanh, kInfinity), kInfinity);
  EXPECT_EQ(apply(Unary::gelu_tanh, -kInfinity), 0);
}

TEST_P(VectorMath, ExactFunctionsAreExactForEveryKindOfNumber) {
  Buffer x = floats(65521), y(x.size());
  const std::pair<Unary, float (*)(float)> exact[] = {{Unary::neg, [](float v) { return -v; }},
                                                      {Unary::abs, [](float v) { return std::fabs(v); }},
                                                      {Unary::relu, [](float v) { return v < 0 ? 0 : v; }},
                                                      {Unary::square, [](float v) { return v * v; }},
                                                      {Unary::reciprocal, [](float v) { return 1 / v; }},
                                                      {Unary::floor, [](float v) { return std::floor(v); }},
                                                      {Unary::ceil, [](float v) { return std::ceil(v); }},
                                                      {Unary::round, [](float v) { return std::nearbyint(v); }}};
  for (auto [function, want] : exact) {
    apply(function, x, y);
    for (int64_t i = 0; i < x.size(); ++i)
      ASSERT_TRUE(y[i] == want(x[i]) || (std::isnan(y[i]) && std::isnan(x[i]))) << static_cast<int>(function) << " at " << x[i];
  }
  EXPECT_EQ(apply(Unary::round, 2.5f), 2);
  EXPECT_EQ(apply(Unary::round, -0.5f), 0);
  EXPECT_EQ(apply(Unary::floor, -0.25f), -1);
}

TEST_P(VectorMath, EveryLengthWritesExactlyItsElements) {
  for (int64_t n = 0; n <= 70; ++n) {
    Buffer x = random.buffer(n), y(n + 2, 7);
    k.unary[static_cast<int>(Unary::exp)](x.data(), y.data() + 1, n);
    EXPECT_EQ(y[0], 7);
    EXPECT_EQ(y[n + 1], 7);
    for (int64_t i = 0; i < n; ++i) ASSERT_LE(ulp_error(y[i + 1], std::exp(double(x[i]))), 1.5);
  }
}

TEST_P(VectorMath, BinaryWithRepeatedSidesAndEveryLength) {
  const std::pair<Binary, double (*)(double, double)> all[] = {
      {Binary::add, [](double a, double b) { return a + b; }},           {Binary::sub, [](double a, double b) { return a - b; }},
      {Binary::mul, [](double a, double b) { return a * b; }},           {Binary::div, [](double a, double b) { return a / b; }},
      {Binary::min, [](double a, double b) { return std::fmin(a, b); }}, {Binary::max, [](double a, double b) { return std::fmax(a, b); }},
      {Binary::pow, [](double a, double b) { return std::pow(a, b); }}};
  for (auto [function, exact] : all)
    for (int64_t n : {0, 1, 3, 4, 7, 8, 15, 16, 17, 50})
      for (int64_t x_stride : {0, 1})
        for (int64_t z_stride : {0, 1}) {
          Buffer x = random.buffer(x_stride ? n : 1), z = random.buffer(z_stride ? n : 1), y(n + 1, 7);
          k.binary[static_cast<int>(function)](x.data(), x_stride, z.data(), z_stride, y.data(), n);
          for (int64_t i = 0; i < n; ++i)
            ASSERT_LE(ulp_error(y[i], exact(x[i * x_stride], z[i * z_stride])), function == Binary::pow ? 1 : 0.5001);
          EXPECT_EQ(y[n], 7);
        }
}

TEST_P(VectorMath, MinAndMaxGiveNaNFromEitherSide) {
  Buffer x(20, 1), z(20, 2), y(20);
  x[3] = kNaN, z[18] = kNaN, x[5] = kInfinity, z[6] = -kInfinity;
  k.binary[static_cast<int>(Binary::max)](x.data(), 1, z.data(), 1, y.data(), 20);
  EXPECT_TRUE(std::isnan(y[3]) && std::isnan(y[18]));
  EXPECT_EQ(y[5], kInfinity);
  k.binary[static_cast<int>(Binary::min)](x.data(), 1, z.data(), 1, y.data(), 20);
  EXPECT_TRUE(std::isnan(y[3]) && std::isnan(y[18]));
  EXPECT_EQ(y[6], -kInfinity);
}

TEST_P(VectorMath, PowWithConstantExponentKeepsItsSpecialCases) {
  Buffer x(5), y(5);
  x[0] = -0.0f, x[1] = -kInfinity, x[2] = 9, x[3] = -2, x[4] = kNaN;
  for (float exponent : {0.5f, 2.0f, 3.0f, -1.0f, 0.0f}) {
    k.binary[static_cast<int>(Binary::pow)](x.data(), 1, &exponent, 0, y.data(), 5);
    for (int64_t i = 0; i < 5; ++i) {
      float want = std::pow(x[i], exponent);
      EXPECT_TRUE(y[i] == want || (std::isnan(want) && std::isnan(y[i]))) << x[i] << "^" << exponent << " = " << y[i];
    }
  }
}

}  // namespace
}  // namespace nacre
