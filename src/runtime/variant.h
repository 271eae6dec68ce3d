// A session made again from its graph where a run does not fit the assumptions of the first: the caller overrides a default,
// or gives two sizes for dims that the file calls by one name.
#pragma once

#include "runtime/session_state.h"

namespace nacre {

/// Prepares `state` for variants of `graph`, as imported.
void keep_for_variants(Session::State& state, const Graph& graph);
/// The session to run with these inputs: `state` itself in the usual case (null then).
Result<std::shared_ptr<const Session::State>> variant_for(const Session::State& state, const Inputs& given);

}  // namespace nacre
