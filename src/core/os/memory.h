// How much memory there is and how much this process holds, in bytes; 0 where the system does not say.
#pragma once

#include <cstdint>
#include <optional>

namespace nacre {

int64_t resident_memory();
int64_t peak_memory();       ///< the most that was ever resident
int64_t total_memory();      ///< of the machine
int64_t available_memory();  ///< what new work could take now, without swapping; 0 where the system does not say
/// Gives the free pages of the heap back to the system, where the C library can.
void give_free_heap_back() noexcept;
/// The smallest memory limit of the process's control groups; none when there is none below the machine's own memory.
std::optional<int64_t> cgroup_memory_limit();

}  // namespace nacre
