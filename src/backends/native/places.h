// Where the values of a plan lie: one arena, in which bytes are used again as soon as their owner is dead.
#pragma once

#include "backends/native/plan.h"

namespace nacre::native {

/// A tensor whose dtype and shape are known.
bool is_concrete(const Fact& fact);

/// Fills in the plan's places and what its steps release. `graph` is the plan's, with the facts of its shapes.
void place_values(const Graph& graph, Plan& plan);

}  // namespace nacre::native
