#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

#include "core/os/pages.h"

namespace nacre {
namespace {

constexpr size_t kHuge = size_t{2} << 20;

void* map_anonymous(size_t bytes) noexcept {
  void* pages = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return pages == MAP_FAILED ? nullptr : pages;
}

#if defined(MADV_HUGEPAGE)
/// `bytes` from a multiple of kHuge on; what lies before and behind in the larger mapping is given back.
void* map_aligned(size_t bytes) noexcept {
  const size_t page = static_cast<size_t>(::sysconf(_SC_PAGESIZE)), used = (bytes + page - 1) / page * page;
  char* const begin = static_cast<char*>(map_anonymous(used + kHuge));
  if (!begin) return nullptr;
  const size_t before = (kHuge - reinterpret_cast<uintptr_t>(begin) % kHuge) % kHuge;
  if (before) ::munmap(begin, before);
  ::munmap(begin + before + used, kHuge - before);
  ::madvise(begin + before, bytes / kHuge * kHuge, MADV_HUGEPAGE);
  return begin + before;
}
#endif

}  // namespace

// Large blocks take large pages where the system has them: a product that streams 40 MB of weights meets ten thousand of the small ones.
void* take_pages(size_t bytes) noexcept {
#if defined(MADV_HUGEPAGE)
  if (bytes >= kHuge && bytes < SIZE_MAX - 2 * kHuge) return map_aligned(bytes);
#endif
  return map_anonymous(bytes);
}

void give_pages_back(void* pages, size_t bytes) noexcept { ::munmap(pages, bytes); }

}  // namespace nacre
