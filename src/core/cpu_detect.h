// The one part of cpu.h that each architecture's file gives beside detect_features().
#pragma once

#include <string>

namespace nacre {
std::string detect_model();
}
