// A compiled region whose backend has not run yet: if its first run fails, the region is compiled for the next backends.
#pragma once

#include "runtime/execution.h"

namespace nacre {

/// `nodes` is how the report names the region. `rest` holds the backends that are left.
std::shared_ptr<Executable> with_fallback(std::shared_ptr<Executable> first, Graph graph, CompileRequest rest, std::string target,
                                          std::vector<std::string> nodes);

}  // namespace nacre
