// What the operating system says about the processor, and the little it must be asked for.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace nacre {

/// CPUs this process may run on (its affinity mask); at least 1.
int affinity_cpus() noexcept;
/// The smallest CPU quota of the process's control groups (v1 or v2), in CPUs; none when unlimited.
std::optional<double> cgroup_cpu_quota();

struct CacheSizes {
  int64_t l1_data = 0, l2 = 0, l3 = 0;  ///< bytes as one core sees them (l3 is shared); 0 when unknown
};
CacheSizes cache_sizes();

/// Asks for the AMX tile registers. False when the system does not give them.
bool request_amx() noexcept;

/// Feature words of ARM Linux (AT_HWCAP, AT_HWCAP2); 0 elsewhere.
uint64_t hardware_capabilities(int word) noexcept;

/// Threads made in this scope receive no signals.
class SignalsBlocked {
 public:
  SignalsBlocked() noexcept;
  ~SignalsBlocked();
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  struct Saved;
  std::unique_ptr<Saved> saved_;
};

}  // namespace nacre
