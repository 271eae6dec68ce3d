#include "backends/native/kernels/typed.h"

#include <algorithm>
#include <cstring>
#include <random>

#include "core/convert.h"
#include "tests/kernels/kernel_test.h"

namespace nacre {
namespace {

using kernel_test::KernelTest;
using native::Element;
using native::TypedBinary;
using native::TypedUnary;

class Typed : public KernelTest {};
NACRE_EVERY_ISA(Typed);

template <class T>
constexpr Element kElement = Element::count_;
template <>
constexpr Element kElement<float> = Element::float32;
template <>
constexpr Element kElement<double> = Element::float64;
template <>
constexpr Element kElement<int8_t> = Element::int8;
template <>
constexpr Element kElement<int16_t> = Element::int16;
template <>
constexpr Element kElement<int32_t> = Element::int32;
template <>
constexpr Element kElement<int64_t> = Element::int64;
template <>
constexpr Element kElement<uint8_t> = Element::uint8;
template <>
constexpr Element kElement<uint16_t> = Element::uint16;
template <>
constexpr Element kElement<uint32_t> = Element::uint32;
template <>
constexpr Element kElement<uint64_t> = Element::uint64;

/// The ends of the type's range, small numbers of both signs, and anything.
template <class T>
std::vector<T> numbers(size_t count, uint32_t seed) {
  std::mt19937_64 source(seed);
  std::vector<T> out;
  const auto low = std::numeric_limits<T>::lowest(), high = std::numeric_limits<T>::max();
  for (T x : {low, T(low + 1), high, T(high - 1), T(0), T(1), T(2), T(0) < T(-1) ? T(3) : T(-1), T(7)}) out.push_back(x);
  if constexpr (std::is_floating_point_v<T>) {
    const T infinity = std::numeric_limits<T>::infinity();
    for (T x : {infinity, -infinity, std::numeric_limits<T>::quiet_NaN(), T(-0.0), T(0.5), T(-1.5), T(2.5), T(1e30), T(-1e30)})
      out.push_back(x);
  }
  while (out.size() < count) {
    const bool is_small = source() % 2 == 0;
    if constexpr (std::is_floating_point_v<T>)
      out.push_back(T((double(source() % 2000001) - 1000000) / (is_small ? 1000 : 1e-6)));
    else
      out.push_back(is_small ? T(source() % 21) : T(source()));
  }
  std::shuffle(out.begin(), out.end(), source);
  return out;
}

template <class T>
bool same(T a, T b) {
  return std::memcmp(&a, &b, sizeof(T)) == 0 || (a != a && b != b);
}

/// What the operator means, in arithmetic that is wide enough for every result.
template <class T>
T expected(TypedBinary op, T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    switch (op) {
      case TypedBinary::add: return a + b;
      case TypedBinary::sub: return a - b;
      case TypedBinary::mul: return a * b;
      case TypedBinary::div: return a / b;
      case TypedBinary::min: return std::isnan(a) || std::isnan(b) ? T(NAN) : a < b ? a : b;
      default: return std::isnan(a) || std::isnan(b) ? T(NAN) : a > b ? a : b;
    }
  } else {
    const __int128 x = a, y = b;
    switch (op) {
      case TypedBinary::add: return T(x + y);
      case TypedBinary::sub: return T(x - y);
      case TypedBinary::mul: return T(static_cast<unsigned __int128>(x) * static_cast<unsigned __int128>(y));
      case TypedBinary::div: return T(x / y);
      case TypedBinary::min: return T(std::min(x, y));
      case TypedBinary::max: return T(std::max(x, y));
      case TypedBinary::bit_and: return T(x & y);
      case TypedBinary::bit_or: return T(x | y);
      default: return T(x ^ y);
    }
  }
}

template <class T>
void check_arithmetic(const native::Kernels& k) {
  for (int op = 0; op < int(TypedBinary::count_); ++op) {
    if (op >= int(TypedBinary::equal) && op <= int(TypedBinary::less_equal)) continue;
    const auto kernel = k.typed_binary(TypedBinary(op), kElement<T>);
    if (op >= int(TypedBinary::bit_and) && std::is_floating_point_v<T>) {
      EXPECT_EQ(kernel, nullptr);
      continue;
    }
    for (size_t n : {1, 7, 64, 1000}) {
      std::vector<T> x = numbers<T>(1000, 1), z = numbers<T>(1000, 2);
      x.resize(n), z.resize(n);
      if (TypedBinary(op) == TypedBinary::div && !std::is_floating_point_v<T>) std::replace(z.begin(), z.end(), T(0), T(5));
      const std::vector<T> before = x;
      kernel(x.data(), z.data(), x.data(), int64_t(n));  // in place
      for (size_t i = 0; i < n; ++i)
        EXPECT_TRUE(same(x[i], expected(TypedBinary(op), before[i], z[i])))
            << "op " << op << " of " << +before[i] << " and " << +z[i] << ": " << +x[i];
    }
  }
}

TEST_P(Typed, ArithmeticWrapsAndFollowsTheOperators) {
  check_arithmetic<float>(k), check_arithmetic<double>(k);
  check_arithmetic<int8_t>(k), check_arithmetic<int16_t>(k), check_arithmetic<int32_t>(k), check_arithmetic<int64_t>(k);
  check_arithmetic<uint8_t>(k), check_arithmetic<uint16_t>(k), check_arithmetic<uint32_t>(k), check_arithmetic<uint64_t>(k);
}

TEST_P(Typed, QuotientsOfAllBytes) {
  for (int b = -128; b < 128; ++b)
    for (int a = -128; b != 0 && a < 128; ++a) {
      const int8_t x = int8_t(a), z = int8_t(b);
      int8_t y;
      k.typed_binary(TypedBinary::div, Element::int8)(&x, &z, &y, 1);
      ASSERT_EQ(y, int8_t(a / b)) << a << " / " << b;
    }
}

template <class T>
void check_order(const native::Kernels& k) {
  const std::vector<T> x = numbers<T>(1000, 1), z = numbers<T>(1000, 2);
  uint8_t y[1000];
  for (TypedBinary op : {TypedBinary::equal, TypedBinary::less, TypedBinary::less_equal}) {
    k.typed_binary(op, kElement<T>)(x.data(), z.data(), y, 1000);
    for (size_t i = 0; i < 1000; ++i)
      EXPECT_EQ(y[i], op == TypedBinary::equal  ? x[i] == z[i]
                      : op == TypedBinary::less ? x[i] < z[i]
                                                : x[i] <= z[i])
          << +x[i] << " " << +z[i];
  }
}

TEST_P(Typed, ComparisonsOfEveryType) {
  check_order<float>(k), check_order<double>(k), check_order<int8_t>(k), check_order<int16_t>(k), check_order<int32_t>(k);
  check_order<int64_t>(k), check_order<uint8_t>(k), check_order<uint16_t>(k), check_order<uint32_t>(k), check_order<uint64_t>(k);
}

template <class T>
void check_signs(const native::Kernels& k) {
  const std::vector<T> x = numbers<T>(1000, 3);
  std::vector<T> y(1000);
  k.typed_unary(TypedUnary::sign, kElement<T>)(x.data(), y.data(), 1000);
  for (size_t i = 0; i < 1000; ++i) EXPECT_TRUE(same(y[i], x[i] != x[i] ? x[i] : T((x[i] > 0) - (x[i] < 0)))) << +x[i];
  if (!std::is_signed_v<T>) return;
  k.typed_unary(TypedUnary::neg, kElement<T>)(x.data(), y.data(), 1000);
  for (size_t i = 0; i < 1000; ++i)
    EXPECT_TRUE(same(y[i], std::is_floating_point_v<T> ? T(-x[i]) : T(-static_cast<__int128>(x[i])))) << +x[i];
  k.typed_unary(TypedUnary::abs, kElement<T>)(x.data(), y.data(), 1000);
  for (size_t i = 0; i < 1000; ++i)
    EXPECT_TRUE(same(y[i], std::is_floating_point_v<T> ? T(std::fabs(x[i])) : x[i] < 0 ? T(-static_cast<__int128>(x[i])) : x[i])) << +x[i];
}

TEST_P(Typed, SignsOfEveryType) {
  check_signs<double>(k), check_signs<int8_t>(k), check_signs<int16_t>(k), check_signs<int32_t>(k), check_signs<int64_t>(k);
  check_signs<uint8_t>(k), check_signs<uint16_t>(k), check_signs<uint32_t>(k), check_signs<uint64_t>(k);
}

/// The largest distance in units of the last place.
template <class Exact>
double worst(const native::Kernels& k, TypedUnary op, double low, double high, Exact exact) {
  std::mt19937_64 source(5);
  std::vector<double> x(100000), y(x.size());
  for (double& each : x) each = low + (high - low) * double(source() >> 11) * 0x1p-53;
  for (size_t i = 0; i < x.size(); i += 3) x[i] *= std::exp2(-double(source() % 40));
  k.typed_unary(op, Element::float64)(x.data(), y.data(), int64_t(x.size()));
  double most = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const long double want = exact(static_cast<long double>(x[i]));
    const double ulp = std::nextafter(std::fabs(double(want)), HUGE_VAL) - std::fabs(double(want));
    most = std::max(most, double(std::fabs(y[i] - want) / ulp));
  }
  return most;
}

TEST_P(Typed, ExpAndTanhOfDoublesAreRightToTwoUlp) {
  EXPECT_LT(worst(k, TypedUnary::exp, -708, 709, [](long double x) { return std::exp(x); }), 2);
  EXPECT_LT(worst(k, TypedUnary::exp, -1, 1, [](long double x) { return std::exp(x); }), 2);
  EXPECT_LT(worst(k, TypedUnary::tanh, -3, 3, [](long double x) { return std::tanh(x); }), 2.5);
  EXPECT_LT(worst(k, TypedUnary::tanh, -30, 30, [](long double x) { return std::tanh(x); }), 2.5);
}

TEST_P(Typed, ExpAndTanhAtTheEnds) {
  const double infinity = HUGE_VAL, x[] = {infinity, -infinity, NAN, 0, -0.0, 1000, -1000, 709.9, 1e-300};
  double y[9];
  k.typed_unary(TypedUnary::exp, Element::float64)(x, y, 9);
  for (int i : {0, 5, 7}) EXPECT_EQ(y[i], infinity);
  for (int i : {1, 6}) EXPECT_EQ(y[i], 0);
  for (int i : {3, 4, 8}) EXPECT_EQ(y[i], 1);
  EXPECT_TRUE(std::isnan(y[2]));
  k.typed_unary(TypedUnary::tanh, Element::float64)(x, y, 9);
  for (int i : {0, 5, 7}) EXPECT_EQ(y[i], 1);
  for (int i : {1, 6}) EXPECT_EQ(y[i], -1);
  EXPECT_TRUE(std::isnan(y[2]));
  EXPECT_TRUE(same(y[3], 0.0) && same(y[4], -0.0));
  EXPECT_EQ(y[8], 1e-300);
}

TEST_P(Typed, RoundingOfDoublesIsTheLibrarys) {
  std::vector<double> x = numbers<double>(2000, 7), y(x.size());
  for (double each : {4503599627370495.5, 4503599627370497.0, -2251799813685247.5, 0.49999999999999994, 9e15})
    x.push_back(each), y.push_back(0);
  const auto check = [&](TypedUnary op, double (*exact)(double)) {
    k.typed_unary(op, Element::float64)(x.data(), y.data(), int64_t(x.size()));
    for (size_t i = 0; i < x.size(); ++i) EXPECT_TRUE(same(y[i], exact(x[i]))) << x[i] << ": " << y[i];
  };
  check(TypedUnary::floor, std::floor), check(TypedUnary::ceil, std::ceil), check(TypedUnary::round, std::nearbyint);
  check(TypedUnary::sqrt, std::sqrt);
}

TEST_P(Typed, SwishInDoubleIsRightToAnUlp) {
  std::vector<float> x(2000), y(x.size());
  for (size_t i = 0; i < x.size(); ++i) x[i] = float(i) * 0.09f - 90;
  k.swish(1.702f, x.data(), y.data(), int64_t(x.size()));
  for (size_t i = 0; i < x.size(); ++i) {
    const double want = double(x[i]) / (1 + std::exp(-1.702f * double(x[i])));
    if (std::fabs(want) > 1e-37) EXPECT_NEAR(y[i], want, 1.3e-7 * std::fabs(want)) << x[i];
  }
}

constexpr DType kDTypes[] = {DType::float32, DType::float64, DType::int8,   DType::int16,  DType::int32,   DType::int64,
                             DType::uint8,   DType::uint16,  DType::uint32, DType::uint64, DType::boolean, DType::float16};

/// Numbers as elements of any dtype.
Tensor tensor_of(DType dtype, const std::vector<double>& numbers) {
  Tensor wide = Tensor::of<double>({int64_t(numbers.size())}, std::span<const double>(numbers)), out(dtype, wide.shape());
  EXPECT_TRUE(convert(wide, out).has_value());
  return out;
}

TEST_P(Typed, ConversionsAreThoseOfConvert) {
  const std::vector<double> all = numbers<double>(999, 9);
  for (size_t from = 0; from < std::size(kDTypes); ++from)
    for (size_t to = 0; to < std::size(kDTypes); ++to) {
      const auto kernel = k.typed_convert(Element(from), Element(to));
      if (!kernel || from == to) continue;
      const Tensor x = tensor_of(kDTypes[from], all);
      Tensor want(kDTypes[to], x.shape()), got(kDTypes[to], x.shape());
      ASSERT_TRUE(convert(x, want).has_value());
      kernel(x.raw(), got.mutable_raw(), x.size());
      const size_t bytes = bits_of(kDTypes[to]) / 8;
      for (int64_t i = 0; i < x.size(); ++i) {
        const char *a = static_cast<const char*>(got.raw()) + size_t(i) * bytes,
                   *b = static_cast<const char*>(want.raw()) + size_t(i) * bytes;
        EXPECT_EQ(std::memcmp(a, b, bytes), 0) << to_string(kDTypes[from]) << " to " << to_string(kDTypes[to]) << ": " << all[size_t(i)];
      }
    }
}

TEST_P(Typed, ChooseTakesEachElementFromOneSide) {
  const std::vector<uint8_t> condition = numbers<uint8_t>(1000, 4);
  const std::vector<uint16_t> x = numbers<uint16_t>(1000, 5), z = numbers<uint16_t>(1000, 6);
  std::vector<uint16_t> y(1000);
  k.typed_choose(2)(condition.data(), x.data(), z.data(), y.data(), 1000);
  for (size_t i = 0; i < 1000; ++i) EXPECT_EQ(y[i], condition[i] ? x[i] : z[i]) << i;
  EXPECT_EQ(k.typed_choose(3), nullptr);
}

TEST_P(Typed, AZeroIsFoundWhereverItStands) {
  for (int64_t at = -1; at < 100; ++at) {
    std::vector<int32_t> x(100, -7);
    if (at >= 0) x[size_t(at)] = 0;
    EXPECT_EQ(k.has_zero(4, x.data(), 100), at >= 0) << at;
  }
}

}  // namespace
}  // namespace nacre
