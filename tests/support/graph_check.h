// Runs a random case on every backend that must agree, and says how they do not.
#pragma once

#include "tests/support/graph_maker.h"

namespace nacre::test {

/// Empty when reference and native, each with the optimiser off and on and on a second run of one session, give the case's values:
/// to the last bit where they are exact, as near as rounding allows elsewhere (graph_disturb.cpp), an error where it must fail.
std::string problem_of(const Case& c);

/// A smaller case with a problem too: outputs and nodes that do not matter are gone, their values are inputs.
Case shrunk(Case c);

/// The graph, its inputs' elements, and what was expected.
std::string show(const Case& c);

}  // namespace nacre::test
