// Which table of kernels this process uses.
#include "backends/native/kernels/kernels.h"

#include "core/cpu.h"

namespace nacre {

#define NACRE_ISA_ROW(name)                  \
  namespace name {                           \
  extern const native::Kernels kernel_table; \
  }
#include "isa_rows.inc"
#undef NACRE_ISA_ROW

namespace native {
namespace {

/// Names that core does not know run nowhere: a table is only as good as the test for its CPU.
bool can_run(std::string_view isa, Isa best) {
  std::optional<Isa> needed = parse_isa(isa);
  return needed && *needed <= best;
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
    Isa best = best_isa(detect_features());
    for (size_t i = std::size(compiled); i-- > 0;)  // rows are listed worst first
      if (can_run(compiled[i]->isa, best)) tables[count++] = compiled[i];
  }
};

/// The best that the CPU has and the knob leaves.
const Kernels& choose() {
  for (const Kernels* table : available_kernels())
    if (can_run(table->isa, cpu().isa)) return *table;
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
