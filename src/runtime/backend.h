// What a backend is: a few functions. The table of backends is the folders of src/backends.
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

struct Op;

struct Device {
  std::string name;                             // "cpu", "NVIDIA H200"
  int64_t memory_total = -1, memory_free = -1;  // bytes; -1: unknown
  std::string kind = "cpu";                     // what stands after the backend's name: BACKEND:KIND:INDEX
  int index = 0;
  std::string vendor;      // empty: unknown
  int compute_units = -1;  // -1: unknown
};

/// The processors and memory that this process may use.
Device cpu_device();

/// Whether a backend can work here, or why not.
struct Probe {
  bool available = false;
  std::string version;
  std::string reason;  // why it is not available; empty otherwise
  std::vector<Device> devices;
  std::string library = {};             // the file it was loaded from, where there is one
  std::vector<std::string> notes = {};  // what else there is to know: providers that are listed and not usable
};
struct ProbeOptions {};

/// The file or the bytes that a whole graph was imported from.
struct ModelSource {
  std::string path;  // empty: bytes
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> owner;
};

struct CompileOptions {
  int threads = 1;                                                     // most that a run may use
  bool optimise = true;                                                // the backend's own fusions too
  bool strict = false;                                                 // no part may run on another device than the one named
  std::string device = {};                                             // "cuda", "gpu"; empty: the backend's default
  int device_index = -1;                                               // -1: not named
  const BackendOptions* settings = nullptr;                            // of this backend, its name taken off: {"optimisation", "2"}
  const ModelSource* source = nullptr;                                 // where the graph is a whole model as it was read
  Result<std::vector<std::byte>> (*exporter)(const Graph&) = nullptr;  // a graph as ONNX; for those who read that
  std::vector<std::string>* notes = nullptr;                           // takes what the report should say

  /// The setting of that name.
  const std::string* setting(std::string_view name) const noexcept;
};

/// One run's limits and ears. Shared by the parts of a run, used by its calling thread.
struct RunContext {
  int threads = 1;
  MemoryBudget* budget = nullptr;
  const std::atomic<bool>* cancel = nullptr;
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  Profile* profile = nullptr;
  std::chrono::steady_clock::time_point begin{};  // of the run; set where there is a profile

  /// Milliseconds since the run began.
  double elapsed() const { return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count(); }
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
  /// Which of the backend's own parts runs `node`, where it has several ("cuda", an execution provider); for reports.
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
  /// An error that names a node (describe()) is taken as: without it I can do the rest.
  Result<std::unique_ptr<Executable>> (*compile)(const Graph&, const CompileOptions&);
  bool takes_models = false;              ///< asks for CompileOptions::source; what it says of a model stands above `supports`
  bool (*takes_op)(const Op&) = nullptr;  ///< for listings; null: all
  bool (*takes_dtype)(DType) = nullptr;   ///< for listings; null: all
  /// Devices it has beside those that a probe counts ("gpu": a preset); an error for one that cannot work here. Null: none.
  Result<bool> (*has_device)(std::string_view device) = nullptr;
  /// Refuses settings that it does not know, listing those it does; null: it has none.
  Result<void> (*check_settings)(const BackendOptions&) = nullptr;
};

std::span<const Backend* const> all_backends();
/// Fails with a list of the known names.
Result<const Backend*> find_backend(std::string_view name);
/// The backend's own probe, unless NACRE_DISABLE names it.
Probe probe_backend(const Backend& backend);

}  // namespace nacre
