// Which table of kernels this process uses.
#include "backends/native/kernels/kernels.h"

#include "core/cpu.h"

namespace nacre {

#define NACRE_ISA_ROW(name)                               \
  namespace name {                                        \
  extern const native::Kernels kernel_table;              \
  extern const native::Kernels* const kernel_variants[2]; \
  }
#include "isa_rows.inc"
#undef NACRE_ISA_ROW

namespace native {
namespace {

/// Names that core does not know run nowhere: a table is only as good as the test for its CPU. Some are of a set with a
/// feature that not all its CPUs have.
bool can_run(std::string_view isa, const CpuFeatures& features, Isa best) {
  if (isa == "avx2_vnni") return features.avx_vnni && Isa::avx2 <= best;
  if (isa == "neon_dotprod") return features.dotprod && best == Isa::neon;
  if (isa == "neon_i8mm") return features.i8mm && best == Isa::neon;
  std::optional<Isa> needed = parse_isa(isa);
  return needed && *needed <= best;
}

struct Compiled {
  const Kernels* table;
  const Kernels* const* variants;
};
#define NACRE_ISA_ROW(name) {&nacre::name::kernel_table, nacre::name::kernel_variants},
constexpr Compiled compiled[] = {
#include "isa_rows.inc"
};
#undef NACRE_ISA_ROW

struct Available {
  const Kernels* tables[3 * std::size(compiled)];
  size_t count = 0;

  Available() {
    const CpuFeatures features = detect_features();
    const Isa best = best_isa(features);
    for (size_t i = std::size(compiled); i-- > 0;)  // rows are listed worst first
      for (const Kernels* table : {compiled[i].variants[0], compiled[i].variants[1], compiled[i].table})
        if (table && can_run(table->isa, features, best)) tables[count++] = table;
  }
};

/// The best that the CPU has and the knob leaves.
const Kernels& choose() {
  for (const Kernels* table : available_kernels())
    if (can_run(table->isa, cpu().features, cpu().isa)) return *table;
  return *available_kernels().back();
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
