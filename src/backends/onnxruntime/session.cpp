#include "backends/onnxruntime/session.h"

#include <algorithm>
#include <condition_variable>
#include <optional>
#include <thread>

#include "backends/onnxruntime/node_times.h"
#include "backends/onnxruntime/placed.h"
#include "backends/onnxruntime/values.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/os/memory.h"
#include "core/os/own_file.h"
#include "graph/op.h"
#include "ops/interpreter.h"

namespace nacre::onnxruntime {
namespace {

constexpr std::string_view kCpu = "CPUExecutionProvider";

/// Ends a run from another thread when its caller cancels or its time is up: ONNX Runtime looks between nodes.
class Watch {
 public:
  Watch(const Library& library, RunOptions* options, const RunContext& context) {
    if (!context.cancel && context.deadline == std::chrono::steady_clock::time_point::max()) return;
    thread_ = std::jthread([&library, options, &context, this](const std::stop_token& stop) {
      std::unique_lock lock(mutex_);
      while (!wake_.wait_for(lock, stop, std::chrono::milliseconds(5), [&] { return stop.stop_requested(); }) && !stop.stop_requested())
        if (!context.checkpoint()) {
          static_cast<void>(library.api.call(kRunOptionsSetTerminate, options));
          return;
        }
    });
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;
};

/// What a second session of the same model is made of.
struct Recipe {
  Graph graph;
  std::optional<ModelSource> source;
  Result<std::vector<std::byte>> (*exporter)(const Graph&) = nullptr;
};
Result<std::shared_ptr<Session>> open(const Library& library, const Recipe& recipe, const SessionOptions* made);

class OrtExecutable final : public Executable {
 public:
  OrtExecutable(const Library& library, std::shared_ptr<Session> session, Settings settings, std::string provider, int64_t bytes,
                Recipe recipe)
      : library_(library),
        session_(std::move(session)),
        settings_(std::move(settings)),
        provider_(std::move(provider)),
        bytes_(bytes),
        recipe_(std::move(recipe)) {}

  ~OrtExecutable() override {
    char* name = nullptr;  // the profile's file is written now
    if (!settings_.profile.empty() && library_.api.call(kSessionEndProfiling, session_.get(), library_.allocator, &name))
      static_cast<void>(library_.api.call(kAllocatorFree, library_.allocator, name));
  }

  /// By position where the graph was exported, by name where ONNX Runtime read the model's own file.
  Result<void> bind(const Graph& graph, bool own_file) {
    for (Edge edge : graph.inputs) input_facts_.push_back(graph.fact(edge));
    for (Edge edge : graph.outputs) output_facts_.push_back(graph.fact(edge));
    if (own_file) {
      for (size_t i = 0; i < graph.inputs.size(); ++i) inputs_.push_back(graph.input_name(i));
      outputs_ = graph.output_names;
    } else {
      inputs_ = NACRE_TRY(names(kSessionGetInputCount, kSessionGetInputName));
      outputs_ = NACRE_TRY(names(kSessionGetOutputCount, kSessionGetOutputName));
    }
    if (inputs_.size() == graph.inputs.size() && outputs_.size() == graph.outputs.size()) return {};
    return fail(ErrorCode::internal, "ONNX Runtime sees ", inputs_.size(), " inputs and ", outputs_.size(), " outputs, the graph has ",
                graph.inputs.size(), " and ", graph.outputs.size());
  }

  Result<void> run(std::span<const Value> inputs, std::span<Value> outputs, RunContext& context) override {
    NACRE_TRY(context.checkpoint());
    std::vector<Handle> given;
    for (size_t i = 0; i < inputs.size(); ++i) given.push_back(NACRE_TRY(to_ort(library_, inputs[i], input_facts_[i])));
    std::vector<Handle> made = NACRE_TRY(context.profile ? run_profiled(given, context) : run_handles(session_.get(), given, context));
    for (size_t i = 0; i < outputs.size(); ++i)
      outputs[i] = NACRE_TRY(from_ort(library_, std::move(made[i]), output_facts_[i], context.budget));
    return {};
  }

  /// The execution provider that took the node; empty where ONNX Runtime does not say, as for what it fused or folded.
  std::string kernel_name(const Node& node) const override {
    const auto found = providers_.find(node.name);
    return std::string(found != providers_.end() ? short_name(found->second) : provider_ == kCpu ? short_name(kCpu) : "");
  }
  void set_providers(std::unordered_map<std::string, std::string> providers) { providers_ = std::move(providers); }
  int64_t resident_bytes() const noexcept override { return bytes_; }

 private:
  template <class Count, class Name>
  Result<std::vector<std::string>> names(Count count_slot, Name name_slot) const {
    size_t count = 0;
    NACRE_TRY(library_.api.call(count_slot, session_.get(), &count));
    std::vector<std::string> out;
    for (size_t i = 0; i < count; ++i) {
      char* name = nullptr;
      NACRE_TRY(library_.api.call(name_slot, session_.get(), i, library_.allocator, &name));
      out.emplace_back(name);
      NACRE_TRY(library_.api.call(kAllocatorFree, library_.allocator, name));
    }
    return out;
  }

  // A session's profile ends with it: the nodes' times are those of a session of its own, in its second run.
  Result<std::vector<Handle>> run_profiled(const std::vector<Handle>& given, RunContext& context) {
    const TemporaryFolder folder = NACRE_TRY(TemporaryFolder::make());
    Settings settings = settings_;
    settings.profile = folder.path() + "/run";
    const MadeOptions made = NACRE_TRY(make_options(library_, settings));
    const std::shared_ptr<Session> session = NACRE_TRY(open(library_, recipe_, made.handle.get()));
    NACRE_TRY(run_handles(session.get(), given, context));
    const double begin = context.elapsed();
    std::vector<Handle> out = NACRE_TRY(run_handles(session.get(), given, context));
    char* name = nullptr;
    NACRE_TRY(library_.api.call(kSessionEndProfiling, session.get(), library_.allocator, &name));
    const std::string path = name;
    NACRE_TRY(library_.api.call(kAllocatorFree, library_.allocator, name));
    const MappedFile file = NACRE_TRY(map_file(path));
    for (NodeTime& node : NACRE_TRY(read_node_times(file.text())))
      context.profile->nodes.push_back({std::move(node.name), std::move(node.op), "onnxruntime", std::string(short_name(node.provider)),
                                        node.milliseconds, node.bytes, begin + node.begin});
    return out;
  }

  bool binds() const {
    const auto is_tensor = [](const Fact& fact) { return fact.is_tensor(); };
    return settings_.io_binding && std::ranges::all_of(output_facts_, is_tensor) && std::ranges::all_of(input_facts_, is_tensor);
  }

  // Outputs are brought to this process's memory.
  Result<void> run_bound(Session* session, const RunOptions* options, const std::vector<Handle>& given, std::vector<OrtValue*>& out) const {
    const Api& api = library_.api;
    IoBinding* raw = nullptr;
    NACRE_TRY(api.call(kCreateIoBinding, session, &raw));
    const auto binding = api.own(raw, kReleaseIoBinding);
    for (size_t i = 0; i < given.size(); ++i) NACRE_TRY(api.call(kBindInput, raw, inputs_[i].c_str(), given[i].get()));
    for (const std::string& name : outputs_) NACRE_TRY(api.call(kBindOutputToDevice, raw, name.c_str(), library_.cpu_memory.get()));
    NACRE_TRY(api.call(kRunWithBinding, session, options, raw));
    OrtValue** values = nullptr;
    size_t count = 0;
    NACRE_TRY(api.call(kGetBoundOutputValues, raw, library_.allocator, &values, &count));
    if (count == out.size()) std::copy_n(values, count, out.begin());
    for (size_t i = 0; count != out.size() && i < count; ++i) api.get(kReleaseValue, values[i]);
    NACRE_TRY(api.call(kAllocatorFree, library_.allocator, values));
    return count == out.size() ? Result<void>() : fail(ErrorCode::internal, "ONNX Runtime gave ", count, " outputs for ", out.size());
  }

  Result<std::vector<Handle>> run_handles(Session* session, const std::vector<Handle>& given, RunContext& context) {
    RunOptions* options = nullptr;
    NACRE_TRY(library_.api.call(kCreateRunOptions, &options));
    const auto held = library_.api.own(options, kReleaseRunOptions);
    NACRE_TRY(library_.api.call(kRunOptionsSetRunLogSeverityLevel, options, settings_.log_severity));
    std::vector<const char*> in_names, out_names;
    std::vector<const OrtValue*> in;
    std::vector<OrtValue*> out(outputs_.size());
    for (size_t i = 0; i < given.size(); ++i) in_names.push_back(inputs_[i].c_str()), in.push_back(given[i].get());
    for (const std::string& name : outputs_) out_names.push_back(name.c_str());
    Result<void> done;
    {
      const Watch watch(library_, options, context);
      done = binds() ? run_bound(session, options, given, out)
                     : library_.api.call(kRun, session, options, in_names.data(), in.data(), in.size(), out_names.data(), out.size(),
                                         out.data());
    }
    std::vector<Handle> made;
    for (OrtValue* value : out) made.push_back(library_.api.own(value, kReleaseValue));
    if (done) return made;
    NACRE_TRY(context.checkpoint());  // it was stopped: then that is why
    return std::unexpected(std::move(done.error()));
  }

  const Library& library_;
  std::shared_ptr<Session> session_;
  Settings settings_;
  std::string provider_;
  std::unordered_map<std::string, std::string> providers_;  // by node
  int64_t bytes_;                                           // by which the process grew when the session was made: it does not tell itself
  const Recipe recipe_;
  std::vector<std::string> inputs_, outputs_;
  std::vector<Fact> input_facts_, output_facts_;
};

/// The text between `before` and `after`.
std::string_view between(std::string_view text, std::string_view before, std::string_view after) {
  const size_t begin = text.find(before);
  if (begin == std::string_view::npos) return {};
  const std::string_view rest = text.substr(begin + before.size());
  return rest.substr(0, rest.find(after));
}

/// ONNX Runtime names the node, or at least the operator, that it cannot take; the placement then goes on without it.
Error located(Error error, const Graph& graph) {
  const std::string_view text = error.message();
  std::string_view name = between(text, "node with name '", "'");
  if (name.empty()) name = between(text, "In Node, (\"", "\"");
  std::string_view op = between(text, "implementation for ", "(");
  if (op.empty()) op = between(text, "Op registered for ", " ");
  for (const Node& node : graph.nodes)
    if (name.empty() ? !op.empty() && node.op->name == op : node.name == name) return error.at(describe(node));
  return error;
}

Result<std::shared_ptr<Session>> open(const Library& library, const Recipe& recipe, const SessionOptions* made) {
  Session* session = nullptr;
  Result<void> done;
  if (recipe.source && !recipe.source->path.empty()) {
    done = library.api.call(kCreateSession, library.env, recipe.source->path.c_str(), made, &session);
  } else if (recipe.source) {
    const auto bytes = recipe.source->bytes;
    done = library.api.call(kCreateSessionFromArray, library.env, bytes.data(), bytes.size(), made, &session);
  } else {
    if (!recipe.exporter) return fail(ErrorCode::unsupported, "a graph that is no file needs an exporter");
    const std::vector<std::byte> bytes = NACRE_TRY(recipe.exporter(recipe.graph));
    done = library.api.call(kCreateSessionFromArray, library.env, bytes.data(), bytes.size(), made, &session);
  }
  if (!done) return std::unexpected(located(std::move(done.error()), recipe.graph));
  return library.api.own(session, kReleaseSession);
}

// Somebody asked for a device: what runs elsewhere is said.
void note_placement(const Result<PlacedNodes>& placed, const std::string& provider, std::vector<std::string>& notes) {
  if (!placed) {
    notes.push_back(cat("onnxruntime does not say what runs on ", short_name(provider), ": ", placed.error().message()));
    return;
  }
  int elsewhere = 0, there = 0;
  std::string where;
  for (const auto& [name, count] : placed->counts) {
    (name == provider ? there : elsewhere) += count;
    if (name != provider) where += cat(where.empty() ? "" : ", ", count, " on ", short_name(name));
  }
  if (elsewhere == 0 && there > 0) return;
  std::string text = cat("onnxruntime's provider ", short_name(provider), there == 0 ? " took no node" : cat(" took ", there, " nodes"));
  if (elsewhere > 0) text += cat("; ", where);
  if (there > 0 && !placed->on_cpu.empty()) text += cat(", first \"", placed->on_cpu[0], "\"");
  notes.push_back(std::move(text));
}

// Somebody named a device by its index: those that there are.
Error with_devices(const Library& library, Error error) {
  const auto listed = provider_devices(library);
  if (!listed) return error.suggest(listed.error().message());
  std::string known;
  for (const ProviderDevice& device : *listed)
    if (device.kind != "cpu") known += cat(known.empty() ? "" : ", ", short_name(device.provider), " on ", device.vendor, " ", device.name);
  return error.suggest(cat("accelerators that ONNX Runtime lists: ", known.empty() ? "none" : known));
}

struct Chosen {
  Settings settings;
  MadeOptions made;
};

// Of a preset's providers the first that works: a library built for TensorRT and CUDA often finds CUDA alone.
Result<Chosen> choose(const Library& library, const CompileOptions& options) {
  std::vector<const Provider*> candidates = {nullptr};
  if (options.device != "plugin") candidates = NACRE_TRY(choose_providers(library, options.device));
  std::string passed;  // what was passed over and why
  for (const Provider* candidate : candidates) {
    Settings settings = NACRE_TRY(read_settings(candidate, options));
    auto made = make_options(library, settings);
    if (made) {
      if (options.notes && !passed.empty()) options.notes->push_back(cat(candidate->name, " is taken", passed));
      return Chosen{std::move(settings), std::move(*made)};
    }
    if (candidate == candidates.back()) {
      const Error error(made.error().code(), cat(made.error().message(), passed));
      return std::unexpected(options.device_index < 0 ? error : with_devices(library, error));
    }
    passed += cat("; onnxruntime's provider ", candidate->name, " was passed over: ", made.error().message());
  }
  return fail(ErrorCode::internal, "no provider stands for '", options.device, "'");
}

}  // namespace

Result<std::unique_ptr<Executable>> compile(const Graph& graph, const CompileOptions& options) {
  const Library& lib = *NACRE_TRY(library());
  const Chosen chosen = NACRE_TRY(choose(lib, options));
  const MadeOptions& made = chosen.made;
  const bool asks_device = made.provider != kCpu;
  LogCapture capture;
  if (asks_device && !lib.api.has(kSessionGetAssignments)) NACRE_TRY(lib.api.call(kSetSessionLogSeverityLevel, made.handle.get(), 0));
  const int64_t before = resident_memory();
  Recipe recipe{graph, options.source ? std::optional(*options.source) : std::nullopt, options.exporter};
  std::shared_ptr<Session> session = NACRE_TRY(open(lib, recipe, made.handle.get()));
  const int64_t grown = std::max<int64_t>(0, resident_memory() - before);
  auto placed = asks_device ? placed_nodes(lib, session.get(), capture.text()) : PlacedNodes();
  if (asks_device && options.notes) note_placement(placed, made.provider, *options.notes);
  auto out = std::make_unique<OrtExecutable>(lib, std::move(session), chosen.settings, made.provider, grown, std::move(recipe));
  if (placed) out->set_providers(placed->by_node(graph));
  NACRE_TRY(out->bind(graph, options.source != nullptr));
  return out;
}

}  // namespace nacre::onnxruntime
