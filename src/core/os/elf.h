// What the loader does not check before it maps a shared library.
#pragma once

#include <string>

#include "core/result.h"

namespace nacre {

/// Reads a library's headers and compares their extents with the file: a truncated library raises SIGBUS inside dlopen, and
/// one for another processor is reported by the loader as "no such file". Fails (unavailable) saying what is wrong. On
/// systems without ELF only that the file is there.
Result<void> check_library_file(const std::string& path);

}  // namespace nacre
