#include "runtime/backend.h"

#include "core/cpu.h"
#include "core/foreign_library.h"
#include "core/os/memory.h"

namespace nacre {

#define BACKEND(stem) extern const Backend backend_##stem;
#include "backends_rows.inc"
#undef BACKEND

namespace {

const Backend* const kBackends[] = {
#define BACKEND(stem) &backend_##stem,
#include "backends_rows.inc"
#undef BACKEND
};

}  // namespace

std::span<const Backend* const> all_backends() { return kBackends; }

Result<const Backend*> find_backend(std::string_view name) {
  std::string known;
  for (const Backend* backend : kBackends) {
    if (backend->name == name) return backend;
    known += cat(known.empty() ? "" : ", ", backend->name);
  }
  return fail(ErrorCode::not_found, "no backend is called '", name, "'; there are ", known);
}

// A brand string begins with its maker's name: "AMD EPYC 9554", "Intel(R) Xeon(R) ...", "ARM Neoverse".
static std::string vendor_of(std::string_view model) {
  for (std::string_view vendor : {"AMD", "Intel", "Apple", "ARM", "Ampere"})
    if (model.starts_with(vendor)) return std::string(vendor);
  return "";
}

Device cpu_device() {
  auto known = [](int64_t bytes) { return bytes > 0 ? bytes : -1; };
  const int64_t total = std::min(total_memory(), cgroup_memory_limit().value_or(INT64_MAX));
  return {.name = cpu().model.empty() ? "cpu" : cpu().model,
          .memory_total = known(total),
          .memory_free = known(std::min(available_memory(), total)),
          .vendor = vendor_of(cpu().model),
          .compute_units = affinity_cpus()};
}

Probe probe_backend(const Backend& backend) {
  if (!is_disabled(backend.name)) return backend.probe({});
  return {.available = false, .version = "", .reason = "it is switched off by NACRE_DISABLE", .devices = {}};
}

const std::string* CompileOptions::setting(std::string_view name) const noexcept {
  if (settings)
    for (const auto& [key, value] : *settings)
      if (key == name) return &value;
  return nullptr;
}

Result<void> RunContext::checkpoint() const {
  if (cancel && cancel->load(std::memory_order_relaxed)) return fail(ErrorCode::cancelled, "the run was cancelled");
  if (deadline != std::chrono::steady_clock::time_point::max() && std::chrono::steady_clock::now() > deadline)
    return fail(ErrorCode::deadline_exceeded, "the run's time was up");
  return {};
}

}  // namespace nacre
