// What a backend is: four functions. The table of backends is the folders of src/backends.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/allocate.h"
#include "graph/graph.h"
#include "nacre/session.h"

namespace nacre {

struct Device {
  std::string name;
  int64_t memory_total = -1, memory_free = -1;  // bytes; -1: unknown
};

/// Whether a backend can work here, or why not.
struct Probe {
  bool available = false;
  std::string version;
  std::string reason;  // why it is not available; empty otherwise
  std::vector<Device> devices;
};
struct ProbeOptions {};

struct CompileOptions {
  int threads = 1;       // most that a run may use
  bool optimise = true;  // the backend's own fusions too
};

/// One run's limits and ears. Shared by the parts of a run, used by its calling thread.
struct RunContext {
  int threads = 1;
  MemoryBudget* budget = nullptr;
  const std::atomic<bool>* cancel = nullptr;
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  Profile* profile = nullptr;

  /// Fails when the caller cancelled or the time is up. Asked between nodes.
  Result<void> checkpoint() const;
};

/// What a run with inputs of certain shapes does, told without running it.
struct PlanReport {
  struct Step {
    std::string node, op, kernel, type;  // `MatMul "/layer/MatMul"`, "MatMul", "gemm_packed", of its first output
  };
  std::vector<Step> steps;
  int64_t arena_bytes = 0;
  bool complete = true;  // false: what follows waits for shapes that depend on these results
};

/// A compiled subgraph. `run` may be called from many threads at once.
class Executable {
 public:
  virtual ~Executable() = default;
  /// `inputs` and `outputs` as the graph orders them.
  virtual Result<void> run(std::span<const Value> inputs, std::span<Value> outputs, RunContext& context) = 0;
  virtual void trim() noexcept {}
  /// Bytes kept between runs beside the weights: packed copies, arenas.
  virtual int64_t resident_bytes() const noexcept { return 0; }
  /// The name of the kernel that would run `node` ("reference" for plain evaluation); for reports.
  virtual std::string kernel_name(const Node&) const { return ""; }
  /// The plan for inputs of these facts; no steps from a backend that does not plan.
  virtual Result<PlanReport> plan(std::span<const Fact>) { return PlanReport(); }
  /// The plan of the last run, readable; empty when there is none.
  virtual std::string plan_text() const { return ""; }
};

struct Backend {
  std::string_view name;
  std::string_view about;
  Probe (*probe)(const ProbeOptions&);
  bool (*supports)(const Graph&, const Node&);
  Result<std::unique_ptr<Executable>> (*compile)(const Graph&, const CompileOptions&);
};

std::span<const Backend* const> all_backends();
/// Fails with a list of the known names.
Result<const Backend*> find_backend(std::string_view name);

}  // namespace nacre
