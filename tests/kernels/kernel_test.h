// What the kernel tests share: every instruction set this machine runs, buffers of the exact size, float64 comparisons.
//
//     class Gemm : public KernelTest {};
//     NACRE_EVERY_ISA(Gemm);
//     TEST_P(Gemm, RowTails) { Buffer x = random(37); k.unary[0](x.data(), x.data(), 37); }
#pragma once

#include <gtest/gtest.h>
#include <sanitizer/asan_interface.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backends/native/kernels/kernels.h"

namespace nacre::kernel_test {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

/// `size` bytes that end at a page nobody may touch, or begin behind one.
class Guarded {
 public:
  explicit Guarded(int64_t size, bool at_end = true) : page_(size_t(sysconf(_SC_PAGESIZE))) {
    const size_t inner = (size_t(size) + page_ - 1) / page_ * page_;
    bytes_ = inner + 2 * page_;
    base_ = static_cast<uint8_t*>(mmap(nullptr, bytes_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    mprotect(base_ + page_, std::max<size_t>(inner, 1), PROT_READ | PROT_WRITE);
    data_ = base_ + page_ + (at_end ? inner - size_t(size) : 0);
    // To the byte at the other end, too, where the address sanitizer looks.
    ASAN_POISON_MEMORY_REGION(at_end ? base_ + page_ : data_ + size, inner - size_t(size));
  }
  Guarded(Guarded&& other) noexcept
      : page_(other.page_), bytes_(other.bytes_), base_(std::exchange(other.base_, nullptr)), data_(other.data_) {}
  Guarded& operator=(Guarded&& other) noexcept {
    std::swap(page_, other.page_), std::swap(bytes_, other.bytes_), std::swap(base_, other.base_), std::swap(data_, other.data_);
    return *this;
  }
  ~Guarded() {
    if (!base_) return;
    ASAN_UNPOISON_MEMORY_REGION(base_, bytes_);
    munmap(base_, bytes_);
  }
  uint8_t* data() const { return data_; }

 private:
  size_t page_, bytes_;
  uint8_t *base_, *data_;
};

/// `count` elements between such pages, at one end or the other by the flip of a coin: over a test's shapes, at both.
template <class T>
class Array {
 public:
  explicit Array(int64_t count, T value = {}) : bytes_(count * int64_t(sizeof(T)), at_end()), count_(count) {
    std::fill(data(), data() + count, value);
  }
  T* data() { return reinterpret_cast<T*>(bytes_.data()); }
  const T* data() const { return reinterpret_cast<const T*>(bytes_.data()); }
  T& operator[](int64_t i) { return data()[i]; }
  T operator[](int64_t i) const { return data()[i]; }
  T* begin() { return data(); }
  T* end() { return data() + count_; }
  int64_t size() const { return count_; }

 private:
  static bool at_end() {
    static uint32_t coin = 1;
    coin = coin * 1664525u + 1013904223u;
    return coin >> 31;
  }
  Guarded bytes_;
  int64_t count_;
};

/// Floats between pages that nobody may touch.
class Buffer : public Array<float> {
 public:
  using Array<float>::Array;
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
