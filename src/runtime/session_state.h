// A session from the inside: what the library's other rooms use instead of the throwing public calls.
#pragma once

#include <mutex>

#include "graph/graph.h"
#include "nacre/session.h"
#include "runtime/execution.h"

namespace nacre {

/// Input dims of one name: they are equal in most runs.
struct TiedDim {
  size_t input, axis;
};

struct Session::State : Compilation {
  std::vector<Port> inputs, outputs;
  std::shared_ptr<const std::vector<std::string>> output_names;
  std::shared_ptr<ReportBook> book = std::make_shared<ReportBook>();
  SessionOptions options;
  int threads = 1;
  int64_t weight_bytes = 0;

  Report report() const { return book->read(); }

  // What runtime/variant.h needs; the graph is kept only where there can be variants.
  std::unique_ptr<const Graph> source;
  std::shared_ptr<const ModelSource> model;  // null unless a backend reads models itself
  std::vector<std::vector<TiedDim>> tied;
  mutable std::mutex variants_mutex;
  mutable std::unordered_map<std::string, std::shared_ptr<const State>> variants;
};

/// Verifies, infers, optimises, places and compiles. `model`: what the graph was imported from, for backends that read models.
Result<std::shared_ptr<const Session::State>> make_session(Graph graph, const SessionOptions& options,
                                                           std::shared_ptr<const ModelSource> model = nullptr);
/// Reads a model file or directory into a graph. `weights` as in SessionOptions.
Result<Graph> load_graph(const std::filesystem::path& path, std::string_view weights = {});
/// The file that such a graph was read from; null for what no other runtime reads.
std::shared_ptr<const ModelSource> source_of(const std::filesystem::path& path);
/// Outputs in the model's order.
Result<std::vector<Value>> run_session(const Session::State& state, const Inputs& inputs, const RunOptions& options);

/// The budget of a run that is given `input_bytes`, by the rule of SessionOptions::memory_budget.
int64_t run_budget(const Session::State& state, int64_t input_bytes);

std::vector<Port> ports_of(const Graph& graph, std::span<const Edge> edges, std::span<const std::string> names);

}  // namespace nacre
