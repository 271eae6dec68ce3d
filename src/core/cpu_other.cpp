// ARM by the kernel's feature words (arch/arm64/include/uapi/asm/hwcap.h); nothing is assumed of other processors.
#if !defined(__x86_64__)
#include "core/cpu.h"
#include "core/cpu_detect.h"
#include "core/os/cgroup.h"

namespace nacre {

CpuFeatures detect_features() {
  CpuFeatures f;
#if defined(__aarch64__)
  const uint64_t first = hardware_capabilities(0), second = hardware_capabilities(1);
  f.neon = true;
  f.fp16 = first >> 10 & 1;
  f.dotprod = first >> 20 & 1;
  f.sve = first >> 22 & 1;
  f.i8mm = second >> 13 & 1;
  f.bf16 = second >> 14 & 1;
#endif
  return f;
}

std::string detect_model() {
  const std::string text = read_small_file("/proc/cpuinfo");
  const size_t name = text.find("model name"), colon = text.find(": ", name);
  if (name == std::string::npos || colon == std::string::npos) return {};
  return text.substr(colon + 2, text.find('\n', colon) - colon - 2);
}

}  // namespace nacre
#endif
