// What two dims give together under NumPy's broadcasting.
#pragma once

#include "graph/symdim.h"

namespace nacre {

/// The dim of two that are equal, or of which one is 1: the other one, which may be 0 (so it is not their maximum). Constants
/// that cannot go together give an unknown dim.
SymDim broadcast_dim(const SymDim& a, const SymDim& b);

}  // namespace nacre
