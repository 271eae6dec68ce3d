#include "nacre/version.h"

namespace nacre {
std::string_view version() noexcept { return "0.1.0"; }
}  // namespace nacre
