#include "core/os/processor.h"

#include <sched.h>
#include <signal.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/auxv.h>
#include <sys/syscall.h>
#endif

#include <algorithm>
#include <cstdlib>

#include "core/os/cgroup.h"
#include "core/text.h"

namespace nacre {
namespace {

// "48K", "32768K", "32M" as sysfs writes them.
int64_t parse_size(const std::string& text) {
  char* unit = nullptr;
  const long long value = std::strtoll(text.c_str(), &unit, 10);
  return *unit == 'K' ? value << 10 : *unit == 'M' ? value << 20 : value;
}

// "max 100000", "150000 100000": quota and period in microseconds.
void take_smaller(std::optional<double>& smallest, double quota, double period) {
  if (quota > 0 && period > 0) smallest = std::min(smallest.value_or(quota / period), quota / period);
}

}  // namespace

int affinity_cpus() noexcept {
#if defined(__linux__)
  // The kernel refuses a set smaller than its own, so try larger ones.
  for (int cpus = 1024; cpus <= (1 << 20); cpus *= 4) {
    cpu_set_t* set = CPU_ALLOC(static_cast<size_t>(cpus));
    if (!set) break;
    const size_t bytes = CPU_ALLOC_SIZE(static_cast<size_t>(cpus));
    const bool known = ::sched_getaffinity(0, bytes, set) == 0;
    const int count = known ? CPU_COUNT_S(bytes, set) : 0;
    CPU_FREE(set);
    if (known) return std::max(count, 1);
  }
#endif
  return std::max(static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN)), 1);
}

std::optional<double> cgroup_cpu_quota() {
  std::optional<double> smallest;
  for (const std::string& text : cgroup_files("cpu", "cpu.cfs_quota_us", "cpu.max")) {
    char* rest = nullptr;
    const double quota = std::strtod(text.c_str(), &rest);  // "max" reads as 0, unlimited v1 is -1
    const double period = std::strtod(rest, nullptr);
    take_smaller(smallest, quota, period > 0 ? period : 100000);
  }
  return smallest;
}

CacheSizes cache_sizes() {
  CacheSizes out;
  for (int index = 0; index < 8; ++index) {
    const std::string folder = cat("/sys/devices/system/cpu/cpu0/cache/index", index, '/');
    const std::string level = read_small_file(folder + "level"), type = read_small_file(folder + "type");
    if (level.empty() || type.starts_with("Instruction")) continue;
    const int64_t size = parse_size(read_small_file(folder + "size"));
    (level[0] == '1' ? out.l1_data : level[0] == '2' ? out.l2 : out.l3) = size;
  }
#if defined(_SC_LEVEL1_DCACHE_SIZE)
  if (out.l1_data == 0) out.l1_data = std::max<int64_t>(::sysconf(_SC_LEVEL1_DCACHE_SIZE), 0);
  if (out.l2 == 0) out.l2 = std::max<int64_t>(::sysconf(_SC_LEVEL2_CACHE_SIZE), 0);
  if (out.l3 == 0) out.l3 = std::max<int64_t>(::sysconf(_SC_LEVEL3_CACHE_SIZE), 0);
#endif
  return out;
}

bool request_amx() noexcept {
#if defined(__linux__) && defined(__x86_64__)
  constexpr long kRequestPermission = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return ::syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

uint64_t hardware_capabilities(int word) noexcept {
#if defined(__linux__)
  return ::getauxval(word == 0 ? AT_HWCAP : AT_HWCAP2);
#else
  return static_cast<uint64_t>(word) * 0;
#endif
}

struct SignalsBlocked::Saved {
  sigset_t mask;
};

SignalsBlocked::SignalsBlocked() noexcept : saved_(new Saved) {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &saved_->mask);
}

SignalsBlocked::~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &saved_->mask, nullptr); }

}  // namespace nacre
