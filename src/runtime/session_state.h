// A session from the inside: what the library's other rooms use instead of the throwing public calls.
#pragma once

#include <mutex>

#include "graph/graph.h"
#include "nacre/session.h"
#include "runtime/placement.h"

namespace nacre {

struct CompiledRegion {
  const Backend* backend = nullptr;
  std::unique_ptr<Executable> executable;
  std::vector<Edge> inputs, outputs;
};

/// Input dims of one name: they are equal in most runs.
struct TiedDim {
  size_t input, axis;
};

struct Session::State {
  Graph graph;  // optimised; its edges are what the regions name
  std::vector<CompiledRegion> regions;
  std::vector<Port> inputs, outputs;
  std::shared_ptr<const std::vector<std::string>> output_names;
  Report report;
  SessionOptions options;
  int threads = 1;
  int64_t weight_bytes = 0;

  // What runtime/variant.h needs; the graph is kept only where there can be variants.
  std::unique_ptr<const Graph> source;
  std::vector<std::vector<TiedDim>> tied;
  mutable std::mutex variants_mutex;
  mutable std::unordered_map<std::string, std::shared_ptr<const State>> variants;
};

/// Verifies, infers, optimises, places and compiles.
Result<std::shared_ptr<const Session::State>> make_session(Graph graph, const SessionOptions& options);
/// Reads a model file or directory into a graph.
Result<Graph> load_graph(const std::filesystem::path& path);
/// Outputs in the model's order.
Result<std::vector<Value>> run_session(const Session::State& state, const Inputs& inputs, const RunOptions& options);

/// The budget of a run that is given `input_bytes`, by the rule of SessionOptions::memory_budget.
int64_t run_budget(const Session::State& state, int64_t input_bytes);

std::vector<Port> ports_of(const Graph& graph, std::span<const Edge> edges, std::span<const std::string> names);

}  // namespace nacre
