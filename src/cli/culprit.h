// The first node at which two backends part.
//
//     auto culprit = find_culprit(graph, inputs, native, reference, {}, progress);
//     if (culprit) print(cat(culprit->node, ": ", culprit->difference.note, "\n"));
//
#pragma once

#include <optional>

#include "cli/compare.h"
#include "cli/print.h"
#include "runtime/session_state.h"

namespace nacre::cli {

struct Culprit {
  std::string node, edge;
  Difference difference;
  bool fused = false;  // the node agrees when every intermediate is kept: it goes wrong together with those before it
};

/// Runs `graph` on both with every intermediate kept and gives the first, in the order of execution, that differs. Where
/// none does, halves the search for the first that differs when it alone is kept: optimisations stay in force there.
Result<std::optional<Culprit>> find_culprit(const Graph& graph, const Inputs& inputs, const SessionOptions& subject,
                                            const SessionOptions& judge, const Tolerance& tolerance, Progress& progress);

}  // namespace nacre::cli
