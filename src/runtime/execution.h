// A graph placed, compiled and run: by one backend as a rule, by several where they share it.
#pragma once

#include <mutex>

#include "runtime/placement.h"

namespace nacre {

struct CompiledRegion {
  Target target;
  std::shared_ptr<Executable> executable;
  std::vector<Edge> inputs, outputs;  // edges of the whole graph
};

/// A report that a run may still change: a backend that fails in its first run is replaced.
class ReportBook {
 public:
  Report read() const;
  void write(Report report);
  /// The region with these nodes runs as `instead` says now, for this cause.
  void replace(const std::vector<std::string>& nodes, const Report& instead, const std::string& cause);

 private:
  mutable std::mutex mutex_;
  Report report_;
};

struct CompileRequest {
  std::vector<Target> order;
  bool strict = false, optimise = true;
  int threads = 1;
  BackendOptions settings;                    // of all backends
  std::shared_ptr<const ModelSource> source;  // where the graph is a model as it was read
  std::shared_ptr<ReportBook> book;
};

struct Compilation {
  Graph graph;  // its edges are what the regions name
  std::vector<CompiledRegion> regions;
};

/// Improves the graph, places it and compiles the regions; what a backend refuses goes to the next one, unless strict. Writes
/// the report into the request's book, and its warnings to the log.
Result<Compilation> compile_graph(Graph graph, const CompileRequest& request);

/// Outputs in the graph's order.
Result<std::vector<Value>> run_compilation(const Compilation& compilation, std::vector<Value> inputs, RunContext& context);

}  // namespace nacre
