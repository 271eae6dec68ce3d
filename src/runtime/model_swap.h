// Is a new version of a model fit to take over?
#pragma once

#include "nacre/session.h"

namespace nacre::detail {

/// Throws Error when the new one's inputs or outputs are others, or when it fails or gives NaN on `probe` (none: zeros, symbolic
/// dimensions 1) where the old one does not. The run also warms it.
void check_swap(const Session& old, const Session& fresh, const Inputs& probe);

}  // namespace nacre::detail
