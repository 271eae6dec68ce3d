// What can be told of a graph without running it: symbols, costs, operators, parameters.
//
//     Graph graph = open_graph(path);
//     Bindings bindings = complete_bindings(graph, options.bindings());    // symbols nobody bound are 1
//     check(bind_shapes(graph, bindings), path);
//     print(scaled(cost_of(graph).flops) + "FLOP\n");
//
#pragma once

#include <map>

#include "graph/graph.h"
#include "graph/symdim.h"

namespace nacre::cli {

/// `given`, and 1 for every other symbol that is a dim of an input. Throws Failure for a name that is none.
Bindings complete_bindings(const Graph& graph, Bindings given);
/// "batch=1, seq=8", sorted; anonymous symbols ("?7") are left out.
std::string bindings_text(const Bindings& bindings);
/// Replaces bound symbols in every fact and infers again.
Result<void> bind_shapes(Graph& graph, const Bindings& bindings);
/// The inputs are these values: their shapes are inferred onwards.
Result<void> bind_inputs(Graph& graph, std::span<const Value> inputs);

struct Cost {
  double flops = 0;
  int64_t nodes = 0, unknown = 0;  // all, bodies included; those whose shapes depend on data
};
/// A body counts once; of If's branches, the dearer one.
Cost cost_of(const Graph& graph);

/// Nodes of each operator ("MatMul", "com.microsoft:Gelu"), bodies included.
std::map<std::string, int64_t> operator_counts(const Graph& graph);
std::string operator_name(const Node& node);

struct Weights {
  int64_t parameters = 0, bytes = 0;  // elements of constants other than integer bookkeeping; bytes of all constants
};
Weights weights_of(const Graph& graph);

}  // namespace nacre::cli
