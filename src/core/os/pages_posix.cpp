#include <sys/mman.h>

#include "core/os/pages.h"

namespace nacre {

void* take_pages(size_t bytes) noexcept {
  void* pages = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return pages == MAP_FAILED ? nullptr : pages;
}

void give_pages_back(void* pages, size_t bytes) noexcept { ::munmap(pages, bytes); }

}  // namespace nacre
