// Which table of kernels this process uses.
#include "backends/native/kernels/kernels.h"

#include <cstdlib>

namespace nacre {

#define NACRE_ISA_ROW(name) \
  namespace name {          \
  extern const native::Kernels kernel_table; \
  }
#include "isa_rows.inc"
#undef NACRE_ISA_ROW

namespace native {
namespace {

/// The one place that asks the CPU.
bool can_run(std::string_view isa) {
#if defined(__x86_64__)
  if (isa == "avx2") return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
  if (isa == "avx512")
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl") && can_run("avx2");
#endif
  return true;  // portable, and whatever the target architecture always has
}

#define NACRE_ISA_ROW(name) &nacre::name::kernel_table,
constexpr const Kernels* compiled[] = {
#include "isa_rows.inc"
};
#undef NACRE_ISA_ROW

struct Available {
  const Kernels* tables[std::size(compiled)];
  size_t count = 0;

  Available() {
    for (size_t i = std::size(compiled); i-- > 0;)  // rows are listed worst first
      if (can_run(compiled[i]->isa)) tables[count++] = compiled[i];
  }
};

const Kernels& choose() {
  const char* wanted = std::getenv("NACRE_ISA");
  const Kernels* named = wanted ? kernels_for(wanted) : nullptr;
  return named ? *named : *available_kernels().front();
}

}  // namespace

std::span<const Kernels* const> available_kernels() {
  static const Available available;
  return {available.tables, available.count};
}

const Kernels* kernels_for(std::string_view isa) {
  for (const Kernels* table : available_kernels())
    if (isa == table->isa) return table;
  return nullptr;
}

const Kernels& kernels() {
  static const Kernels& chosen = choose();
  return chosen;
}

}  // namespace native
}  // namespace nacre
