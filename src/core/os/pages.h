// Memory straight from the system, in whole pages.
#pragma once

#include <cstddef>

namespace nacre {

/// Zeroed pages for `bytes`; null when there is no memory.
void* take_pages(size_t bytes) noexcept;
void give_pages_back(void* pages, size_t bytes) noexcept;

}  // namespace nacre
