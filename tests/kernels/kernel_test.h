// What the kernel tests share: every instruction set this machine runs, buffers of the exact size, float64 comparisons.
//
//     class Gemm : public KernelTest {};
//     NACRE_EVERY_ISA(Gemm);
//     TEST_P(Gemm, RowTails) { Buffer x = random(37); k.unary[0](x.data(), x.data(), 37); }
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "backends/native/kernels/kernels.h"

namespace nacre::kernel_test {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

/// `count` floats that end where their allocation ends (sanitizers see the first float behind), begun off alignment.
class Buffer {
 public:
  explicit Buffer(int64_t count, float value = 0, int64_t skew = 1)
      : storage_(new float[static_cast<size_t>(count + skew)]), skew_(skew), count_(count) {
    for (int64_t i = 0; i < count; ++i) data()[i] = value;
  }
  float* data() { return storage_.get() + skew_; }
  const float* data() const { return storage_.get() + skew_; }
  float& operator[](int64_t i) { return data()[i]; }
  float operator[](int64_t i) const { return data()[i]; }
  int64_t size() const { return count_; }

 private:
  std::unique_ptr<float[]> storage_;
  int64_t skew_, count_;
};

/// Repeatable numbers in [-1, 1).
class Random {
 public:
  explicit Random(uint32_t seed = 1) : state_(seed * 2654435761u + 12345u) {}
  float next() {
    state_ = state_ * 1664525u + 1013904223u;
    return static_cast<float>(static_cast<int32_t>(state_ >> 8) - (1 << 23)) / (1 << 23);
  }
  Buffer buffer(int64_t count, float scale = 1) {
    Buffer b(count);
    for (int64_t i = 0; i < count; ++i) b[i] = next() * scale;
    return b;
  }

 private:
  uint32_t state_;
};

/// |got - want| in units of the last place of want (as float32); 0 when both are NaN or both the same infinity.
inline double ulp_error(float got, double want) {
  if (std::isnan(want) || std::isnan(got)) return std::isnan(want) && std::isnan(got) ? 0 : 1e30;
  float rounded = static_cast<float>(want);
  if (std::isinf(rounded) || std::isinf(got)) return got == rounded ? 0 : 1e30;
  int exponent = rounded == 0 ? -126 : std::max(std::ilogb(rounded), -126);
  return std::fabs(static_cast<double>(got) - want) / std::ldexp(1.0, exponent - 23);
}

class KernelTest : public testing::TestWithParam<const native::Kernels*> {
 protected:
  const native::Kernels& k = *GetParam();
  Random random;
};

inline std::vector<const native::Kernels*> every_isa() {
  auto tables = native::available_kernels();
  return {tables.begin(), tables.end()};
}

#define NACRE_EVERY_ISA(Fixture)                                                      \
  INSTANTIATE_TEST_SUITE_P(Isa, Fixture, testing::ValuesIn(kernel_test::every_isa()), \
                           [](const auto& info) { return std::string(info.param->isa); })

}  // namespace nacre::kernel_test
