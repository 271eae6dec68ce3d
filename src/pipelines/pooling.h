// Token vectors to text vectors.
#pragma once

#include <cstdint>

#include "nacre/embed.h"

namespace nacre {

/// Pools `tokens` vectors of `features` components each, which lie one after the other, into `out`.
void pool(Pooling pooling, const float* hidden, int64_t tokens, int64_t features, float* out);

/// Divides by the length, which is taken as 1e-12 at least, as torch does.
void normalise(float* vector, int64_t features);

}  // namespace nacre
