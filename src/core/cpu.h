// What this processor can do, as far as the operating system lets it, and the instruction set kernels are chosen for.
//
//     if (cpu().isa >= Isa::avx512_vnni) { /* ... */ }
//     log_message(LogLevel::info, cpu().model, ": ", cpu().isa_reason);
//
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/os/processor.h"

namespace nacre {

/// What kernels are written for. On one architecture a later one includes the earlier ones.
enum class Isa : uint8_t { portable, avx2, avx512, avx512_vnni, amx, neon };
std::string_view to_string(Isa isa) noexcept;
std::optional<Isa> parse_isa(std::string_view name) noexcept;

/// Each is true only when both the processor and the system (saved registers, permissions) have it.
struct CpuFeatures {
  bool sse42 = false, avx = false, avx2 = false, fma = false, f16c = false, bmi2 = false, avx_vnni = false;
  bool avx512f = false, avx512bw = false, avx512dq = false, avx512vl = false, avx512cd = false;
  bool avx512_vnni = false, avx512_bf16 = false, avx512_fp16 = false, avx512_vbmi = false;
  bool amx_tile = false, amx_int8 = false, amx_bf16 = false;
  bool neon = false, dotprod = false, i8mm = false, bf16 = false, fp16 = false, sve = false;
};
/// The names of those that are there: "avx2", "fma", ...
std::vector<std::string_view> names_of(const CpuFeatures& features);

struct CpuInfo {
  std::string model;     ///< "AMD EPYC ..."; empty when unknown
  CpuFeatures features;  ///< after NACRE_ISA took away what lies above it
  Isa isa = Isa::portable;
  std::string isa_reason;  ///< "avx512_vnni: the best of this CPU", "avx2: NACRE_ISA (this CPU has avx512)"
  CacheSizes caches;
};

/// Detected once per process.
const CpuInfo& cpu();

/// Detection and choice apart, for tests: the processor's own features; the best set they allow; what is left of them
/// at or below `isa`.
CpuFeatures detect_features();
Isa best_isa(const CpuFeatures& features) noexcept;
CpuFeatures restricted(CpuFeatures features, Isa isa) noexcept;
/// `wanted` is NACRE_ISA's value. What cannot be had gives the best, and the reason says so.
CpuInfo choose_isa(const CpuFeatures& features, const std::optional<std::string>& wanted);

}  // namespace nacre
