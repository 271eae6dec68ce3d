// Runs a model.
//
//     auto session = nacre::Session::load("model.onnx", {.threads = 2});
//     auto ids = nacre::Tensor::of<int64_t>({1, 3}, {101, 7592, 102});
//     auto outputs = session.run({{"input_ids", ids}});
//     std::span<const float> logits = outputs["logits"].data<float>();
//     std::cout << session.report().text();      // what ran where
//
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nacre/tensor.h"

namespace nacre {

/// Settings of backends, as {"BACKEND.NAME", value}: {"onnxruntime.optimisation", "2"}. An unknown name is an error.
using BackendOptions = std::vector<std::pair<std::string, std::string>>;

struct SessionOptions {
  /// Backends in order of preference, each `BACKEND[:DEVICE[:INDEX]]` ("onnxruntime:cuda:1") or `auto`: backends that report
  /// an accelerator, then `native`. Each takes the nodes it supports, the last resort is `native`. Empty: the
  /// environment's NACRE_BACKEND (comma-separated), else "backend" of the file that NACRE_CONFIG names, else `native`. An
  /// unknown name or device is an error that lists the known ones.
  std::vector<std::string> backends;
  /// True: a node that the first backend cannot take is an error instead of a fallback.
  bool strict = false;
  /// Threads a run may use, the caller's included. 0: as many as the process may use (see `nacre doctor`).
  int threads = 0;
  /// Most bytes a run may hold in values at one time. 0: 256 MiB + 64 x (weights + inputs). Never more than 80 % of the
  /// memory that the machine or its cgroup has.
  int64_t memory_budget = 0;
  /// False: the graph runs as the file has it.
  bool optimise = true;
  /// Of a directory that holds the model several times: a file by its name there ("onnx/model_q4.onnx"), or a dtype ("fp16", "q8",
  /// "q4"), which is a suffix of the name. Empty: the first of the search order (docs/models.md).
  std::string weights = {};
  BackendOptions backend_options = {};
};

/// One input or output of a model.
struct Port {
  std::string name;
  std::string type;                ///< "float32[batch,384]", "seq(int64[?])"
  DType dtype = DType::undefined;  ///< of a tensor
  bool has_rank = false;           ///< false: any rank
  std::vector<std::string> dims;   ///< "batch", "384", "2*seq + 1"
  std::vector<int64_t> sizes;      ///< the constant dims; -1 where symbolic
};

/// What one node took in a profiled run.
struct NodeProfile {
  std::string node;  ///< its name
  std::string op;    ///< its operator, with the domain unless ai.onnx
  std::string backend;
  std::string kernel;  ///< "reference" where the operator's plain evaluation ran
  double milliseconds = 0;
  int64_t bytes = 0;  ///< of its outputs
  double begin = 0;   ///< milliseconds since the run began
  double flops = 0;   ///< floating point operations; 0: not known
};

/// The node-by-node record of one run, in the order of execution.
struct Profile {
  std::vector<NodeProfile> nodes;
  std::string text() const;  ///< a table, slowest operators first
  std::string json() const;
  std::string trace() const;  ///< Chrome's trace format: chrome://tracing, Perfetto
};

struct RunOptions {
  /// Set it to true from any thread: the run fails with ErrorCode::cancelled within 50 ms or one node.
  const std::atomic<bool>* cancel = nullptr;
  /// 0: none. After it the run fails with ErrorCode::deadline_exceeded.
  std::chrono::nanoseconds timeout{0};
  /// Filled when given; costs a look at the clock a node, and rows made after the run.
  Profile* profile = nullptr;
};

/// Where one part of the model runs and why.
struct PlacedRegion {
  std::string backend;  ///< with its device: "onnxruntime:cuda:1"
  std::string reason;
  std::vector<std::string> nodes;         ///< `Gather "/embeddings/Gather"`
  std::vector<std::string> reasons = {};  ///< one for each node
};

/// The session's placement: nothing falls back without being listed here.
struct Report {
  std::vector<PlacedRegion> regions;
  int64_t crossings = 0;              ///< values handed from one backend to another in a run
  std::vector<std::string> warnings;  ///< fallbacks, and hints of the file that did not hold
  std::string text() const;
  std::string json() const;
};

/// Inputs by name.
using Inputs = std::vector<std::pair<std::string, Value>>;

/// Outputs by name, in the model's order.
class Outputs {
 public:
  Outputs(std::shared_ptr<const std::vector<std::string>> names, std::vector<Value> values)
      : names_(std::move(names)), values_(std::move(values)) {}
  size_t size() const noexcept { return values_.size(); }
  const std::string& name(size_t i) const { return (*names_)[i]; }
  const Value& value(size_t i) const { return values_.at(i); }
  /// Throws Error (not_found), which lists the names there are.
  const Value& value(std::string_view name) const;
  /// The tensor of that name. Throws Error (not_found; invalid_argument when it is no tensor).
  const Tensor& operator[](std::string_view name) const { return value(name).tensor(); }

 private:
  std::shared_ptr<const std::vector<std::string>> names_;
  std::vector<Value> values_;
};

/// A loaded model. Copies are the same session; it may be run from many threads at once, each getting its own outputs.
/// Weights are mapped from the file and shared.
class Session {
 public:
  /// Loads an .onnx file, or a Hugging Face directory (config.json with safetensors, or a model.onnx). Throws Error.
  static Session load(const std::filesystem::path& path, const SessionOptions& options = {});
  /// Loads an ONNX model from memory that `owner` keeps alive (null: the bytes are copied). No external data.
  static Session from_bytes(std::span<const std::byte> bytes, std::shared_ptr<const void> owner = nullptr,
                            const SessionOptions& options = {});

  const std::vector<Port>& inputs() const noexcept;
  const std::vector<Port>& outputs() const noexcept;

  /// Runs the model. Every input without a default must be given, with the dtype, rank and constant dims of its port.
  /// Throws Error.
  Outputs run(const Inputs& inputs, const RunOptions& options = {}) const;

  /// What runs where, and why; a backend that failed in its first run has been replaced in it since.
  Report report() const;
  /// The graph as an HTML page: nodes coloured by backend, and by time where a profile is given.
  std::string page(const Profile* profile = nullptr) const;
  /// Gives memory kept for the next run back to the system.
  void trim() const noexcept;

  struct State;
  explicit Session(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  const State& state() const noexcept { return *state_; }

 private:
  std::shared_ptr<const State> state_;
};

}  // namespace nacre
