// CPUID and XGETBV. Intel SDM volume 2A (CPUID), volume 1 chapters 13 to 18.
#if defined(__x86_64__)
#include <cpuid.h>

#include <cstring>

#include "core/cpu.h"
#include "core/cpu_detect.h"

namespace nacre {
namespace {

struct Leaf {
  unsigned a = 0, b = 0, c = 0, d = 0;
};

Leaf leaf(unsigned number, unsigned sub = 0) {
  Leaf out;
  if (!__get_cpuid_count(number, sub, &out.a, &out.b, &out.c, &out.d)) return {};
  return out;
}

constexpr bool bit(unsigned word, int index) { return word >> index & 1; }

// Which registers the system saves (XCR0). Without that, using them would be fatal although CPUID names them.
uint64_t saved_registers(const Leaf& one) {
  if (!bit(one.c, 27)) return 0;  // OSXSAVE
  uint32_t low, high;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t{high} << 32 | low;
}

constexpr uint64_t kYmm = 0x6, kZmm = 0xe6, kTiles = 0x60000;

void detect_avx512(CpuFeatures& f, const Leaf& seven, const Leaf& seven_one) {
  f.avx512f = bit(seven.b, 16);
  f.avx512dq = f.avx512f && bit(seven.b, 17);
  f.avx512cd = f.avx512f && bit(seven.b, 28);
  f.avx512bw = f.avx512f && bit(seven.b, 30);
  f.avx512vl = f.avx512f && bit(seven.b, 31);
  f.avx512_vbmi = f.avx512f && bit(seven.c, 1);
  f.avx512_vnni = f.avx512f && bit(seven.c, 11);
  f.avx512_fp16 = f.avx512f && bit(seven.d, 23);
  f.avx512_bf16 = f.avx512f && bit(seven_one.a, 5);
}

}  // namespace

CpuFeatures detect_features() {
  const Leaf one = leaf(1), seven = leaf(7), seven_one = leaf(7, 1);
  const uint64_t saved = saved_registers(one);
  CpuFeatures f;
  f.sse42 = bit(one.c, 20);
  f.bmi2 = bit(seven.b, 8);
  if ((saved & kYmm) == kYmm) {
    f.avx = bit(one.c, 28);
    f.avx2 = f.avx && bit(seven.b, 5);
    f.fma = f.avx && bit(one.c, 12);
    f.f16c = f.avx && bit(one.c, 29);
    f.avx_vnni = f.avx2 && bit(seven_one.a, 4);
  }
  if ((saved & kZmm) == kZmm) detect_avx512(f, seven, seven_one);
  // Tiles are given on request only; the request fails on systems that know nothing of them.
  if ((saved & kTiles) == kTiles && bit(seven.d, 24) && request_amx()) {
    f.amx_tile = true;
    f.amx_int8 = bit(seven.d, 25);
    f.amx_bf16 = bit(seven.d, 22);
  }
  return f;
}

std::string detect_model() {
  if (leaf(0x80000000).a < 0x80000004) return {};
  char text[49] = {};
  for (unsigned part = 0; part < 3; ++part) {
    const Leaf words = leaf(0x80000002 + part);
    std::memcpy(text + 16 * part, &words, 16);
  }
  std::string model(text);
  const size_t begin = model.find_first_not_of(' '), end = model.find_last_not_of(' ');
  return begin == std::string::npos ? std::string() : model.substr(begin, end - begin + 1);
}

}  // namespace nacre
#endif
