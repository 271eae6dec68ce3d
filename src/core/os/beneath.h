// The part of map_beneath that works without the kernel's help, declared for its test.
#pragma once

#include <string_view>

namespace nacre {
/// A descriptor of `relative` (no "..", not absolute) below directory descriptor `root`, or -1 and errno. Follows no link.
int open_by_walking(int root, std::string_view relative);
}  // namespace nacre
