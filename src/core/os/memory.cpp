#include "core/os/memory.h"

#include <sys/resource.h>
#include <unistd.h>
#if defined(__APPLE__)
#include <mach/mach.h>
#elif defined(__GLIBC__)
#include <malloc.h>
#endif

#include <charconv>
#include <string>

#include "core/os/cgroup.h"

namespace nacre {

#if defined(__APPLE__)
int64_t resident_memory() {
  mach_task_basic_info info{};
  mach_msg_type_number_t count = MACH_TASK_BASIC_INFO_COUNT;
  const auto result = ::task_info(mach_task_self(), MACH_TASK_BASIC_INFO, reinterpret_cast<task_info_t>(&info), &count);
  return result == KERN_SUCCESS ? static_cast<int64_t>(info.resident_size) : 0;
}
#else
int64_t resident_memory() {
  const std::string text = read_small_file("/proc/self/statm");  // pages: total resident ...
  const size_t space = text.find(' ');
  int64_t pages = 0;
  if (space != std::string::npos) std::from_chars(text.data() + space + 1, text.data() + text.size(), pages);
  return pages * ::sysconf(_SC_PAGESIZE);
}
#endif

void give_free_heap_back() noexcept {
#if defined(__GLIBC__)
  ::malloc_trim(0);
#endif
}

int64_t peak_memory() {
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) != 0) return 0;
#if defined(__APPLE__)
  return usage.ru_maxrss;
#else
  return usage.ru_maxrss * int64_t{1024};
#endif
}

int64_t total_memory() {
  const int64_t pages = ::sysconf(_SC_PHYS_PAGES);
  return pages > 0 ? pages * ::sysconf(_SC_PAGESIZE) : 0;
}

int64_t available_memory() {
#if defined(__linux__)
  const std::string text = read_small_file("/proc/meminfo");
  const size_t at = text.find("MemAvailable:");
  if (at == std::string::npos) return 0;
  const size_t digits = text.find_first_of("0123456789", at);
  int64_t kibibytes = 0;
  if (digits != std::string::npos) std::from_chars(text.data() + digits, text.data() + text.size(), kibibytes);
  return kibibytes * 1024;
#else
  return 0;
#endif
}

std::optional<int64_t> cgroup_memory_limit() {
  std::optional<int64_t> smallest;
  const int64_t machine = total_memory();
  for (const std::string& text : cgroup_files("memory", "memory.limit_in_bytes", "memory.max")) {
    int64_t limit = 0;  // "max" does not parse; v1 writes a number near 2^63
    if (std::from_chars(text.data(), text.data() + text.size(), limit).ec != std::errc()) continue;
    if (limit > 0 && limit < machine && limit < smallest.value_or(INT64_MAX)) smallest = limit;
  }
  return smallest;
}

}  // namespace nacre
