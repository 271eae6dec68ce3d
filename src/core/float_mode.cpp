#include "core/float_mode.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace nacre {

#if defined(__x86_64__)
constexpr uint64_t kFlush = 0x8000 | 0x0040;  // FTZ: results, DAZ: operands
uint64_t float_mode() noexcept { return _mm_getcsr(); }
void set_float_mode(uint64_t mode) noexcept { _mm_setcsr(static_cast<unsigned>(mode)); }
#elif defined(__aarch64__)
constexpr uint64_t kFlush = uint64_t{1} << 24;  // FZ
uint64_t float_mode() noexcept {
  uint64_t mode;
  asm volatile("mrs %0, fpcr" : "=r"(mode));
  return mode;
}
void set_float_mode(uint64_t mode) noexcept { asm volatile("msr fpcr, %0" : : "r"(mode)); }
#else
constexpr uint64_t kFlush = 0;
uint64_t float_mode() noexcept { return 0; }
void set_float_mode(uint64_t) noexcept {}
#endif

FlushToZero::FlushToZero() noexcept : saved_(float_mode()) { set_float_mode(saved_ | kFlush); }
KeepDenormals::KeepDenormals() noexcept : saved_(float_mode()) { set_float_mode(saved_ & ~kFlush); }

}  // namespace nacre
