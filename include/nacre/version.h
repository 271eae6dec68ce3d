// The library's version.
//
//     std::cout << nacre::version() << "\n";    // "0.1.0"
//
#pragma once

#include <string_view>

namespace nacre {
/// Semantic version of the library that is linked, e.g. "0.1.0".
std::string_view version() noexcept;
}  // namespace nacre
