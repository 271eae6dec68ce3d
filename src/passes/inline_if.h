// If whose condition is known becomes the nodes of the branch it takes.
#pragma once

#include "graph/graph.h"

namespace nacre {

/// True when the graph changed; it is tidy then, and must be inferred again. Ifs inside an inlined branch are met by the
/// next call.
Result<bool> inline_known_ifs(Graph& graph);

}  // namespace nacre
