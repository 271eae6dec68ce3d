#include <algorithm>

#include "core/knobs.h"
#include "core/log.h"
#include "core/os/memory.h"
#include "core/thread_team.h"
#include "graph/op.h"
#include "importers/huggingface/directory.h"
#include "importers/huggingface/import.h"
#include "importers/onnx/import.h"
#include "ops/inference.h"
#include "ops/interpreter.h"
#include "runtime/kept_weights.h"
#include "runtime/session_state.h"
#include "runtime/variant.h"

namespace nacre {
namespace {

constexpr int64_t kBaseBudget = int64_t{256} << 20;
constexpr int64_t kBudgetFactor = 64;

int64_t constant_bytes(const Graph& graph) {
  int64_t total = 0;
  for (size_t i = 0; i < graph.edge_count(); ++i)
    if (const Tensor* constant = graph.constant(Edge(int32_t(i)))) total += int64_t(constant->byte_size());
  for (const Node& node : graph.nodes)
    for (const Body& body : node.bodies) total += constant_bytes(*body.graph);
  return total;
}

Port port_of(const Fact& fact, std::string name) {
  Port port{std::move(name), fact.text(), fact.is_tensor() ? fact.dtype : DType::undefined, fact.shape.has_value(), {}, {}};
  for (const SymDim& dim : fact.shape.value_or(SymShape{})) {
    port.dims.push_back(dim.text());
    port.sizes.push_back(dim.constant().value_or(-1));
  }
  return port;
}

// --- checking what a caller gives ---

Result<void> check_tensor(const Port& port, const Tensor& tensor) {
  if (port.dtype != DType::undefined && tensor.dtype() != port.dtype)
    return fail(ErrorCode::invalid_argument, "input '", port.name, "' is ", describe(tensor), ", takes ", port.type);
  if (!port.has_rank) return {};
  if (port.sizes.size() != tensor.shape().size())
    return fail(ErrorCode::invalid_argument, "input '", port.name, "' is ", describe(tensor), " of rank ", tensor.rank(), ", takes ",
                port.type);
  for (size_t d = 0; d < port.sizes.size(); ++d)
    if (port.sizes[d] >= 0 && port.sizes[d] != tensor.shape()[d])
      return fail(ErrorCode::invalid_argument, "input '", port.name, "' is ", describe(tensor), ": dimension ", d, " is ",
                  tensor.shape()[d], ", takes ", port.type);
  return {};
}

Result<std::vector<Value>> order_inputs(const Session::State& state, const Inputs& given) {
  std::vector<Value> out(state.inputs.size());
  std::vector<bool> seen(state.inputs.size());
  for (const auto& [name, value] : given) {
    const auto found = std::find_if(state.inputs.begin(), state.inputs.end(), [&](const Port& port) { return port.name == name; });
    if (found == state.inputs.end()) {
      std::string known;
      for (const Port& port : state.inputs) known += cat(known.empty() ? "" : ", ", port.name);
      return fail(ErrorCode::not_found, "the model has no input '", name, "'; it has ", known.empty() ? "none" : known);
    }
    const size_t i = size_t(found - state.inputs.begin());
    if (seen[i]) return fail(ErrorCode::invalid_argument, "input '", name, "' is given twice");
    if (value.is_tensor())
      NACRE_TRY(check_tensor(*found, value.tensor()));
    else if (found->dtype != DType::undefined)
      return fail(ErrorCode::invalid_argument, "input '", name, "' is a ", to_string(value.kind()), ", takes ", found->type);
    seen[i] = true;
    out[i] = value;
  }
  for (size_t i = 0; i < seen.size(); ++i)
    if (!seen[i]) return fail(ErrorCode::invalid_argument, "input '", state.inputs[i].name, "' (", state.inputs[i].type, ") is missing");
  return out;
}

// What a library below throws (std::bad_alloc, std::length_error) is a failure like any other.
template <class F>
auto guarded(F&& body) -> decltype(body()) {
  try {
    return body();
  } catch (const Error& error) { return std::unexpected(error); } catch (const std::bad_alloc&) {
    return fail(ErrorCode::resource_exhausted, "the system has no memory left");
  } catch (const std::exception& thrown) { return fail(ErrorCode::internal, thrown.what()); }
}

template <class T>
T unwrap(Result<T> result) {
  if (!result) throw std::move(result).error();
  return std::move(*result);
}

}  // namespace

std::vector<Port> ports_of(const Graph& graph, std::span<const Edge> edges, std::span<const std::string> names) {
  std::vector<Port> out;
  for (size_t i = 0; i < edges.size(); ++i) out.push_back(port_of(graph.fact(edges[i]), names.empty() ? graph[edges[i]].name : names[i]));
  return out;
}

Result<Graph> load_graph(const std::filesystem::path& path, std::string_view weights) {
  std::error_code ignored;
  const bool in_cache = !std::filesystem::exists(path, ignored) && path.extension() != ".onnx" && is_hub_name(path.string());
  const bool directory = in_cache || std::filesystem::is_directory(path, ignored);
  if (!directory && !weights.empty())
    return fail(ErrorCode::invalid_argument, "weights \"", weights, "\": only a directory has several, this is a file");
  return guarded([&] { return directory ? import_huggingface(path, weights) : import_onnx_file(path); });
}

std::shared_ptr<const ModelSource> source_of(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return nullptr;
  const std::filesystem::path absolute = std::filesystem::absolute(path, ignored);
  return std::make_shared<const ModelSource>(ModelSource{absolute.string(), {}, nullptr});
}

// The main flow: verify -> infer -> optimise -> place -> plan.
static Result<std::shared_ptr<const Session::State>> build_session(Graph graph, const SessionOptions& options,
                                                                   std::shared_ptr<const ModelSource> model) {
  auto state = std::make_shared<Session::State>();
  Report report;
  CompileRequest request{.strict = options.strict, .optimise = options.optimise, .book = state->book};
  request.order = NACRE_TRY(targets_of(options, report.warnings));
  request.settings = NACRE_TRY(all_settings(options));
  state->options = options;
  state->threads = options.threads > 0 ? options.threads : ThreadTeam::process().size();
  NACRE_TRY(verify(graph));
  NACRE_TRY(infer_graph(graph));
  state->inputs = ports_of(graph, graph.inputs, {});
  state->outputs = ports_of(graph, graph.outputs, graph.output_names);
  state->output_names = std::make_shared<const std::vector<std::string>>(graph.output_names);
  state->weight_bytes = constant_bytes(graph);
  keep_for_variants(*state, graph);
  request.threads = state->threads;
  if (request.order[0].backend->takes_models) request.source = state->model = std::move(model);
  for (const std::string& warning : report.warnings) log_message(LogLevel::warning, warning);
  state->book->write(std::move(report));
  static_cast<Compilation&>(*state) = NACRE_TRY(compile_graph(std::move(graph), request));
  return state;
}

Result<std::shared_ptr<const Session::State>> make_session(Graph graph, const SessionOptions& options,
                                                           std::shared_ptr<const ModelSource> model) {
  auto state = guarded([&] { return build_session(std::move(graph), options, std::move(model)); });
  give_free_heap_back();  // a third of the heap by now: what importing and compiling needed
  return state;
}

// Read once: asking the system takes longer than a small model's run.
static int64_t machine_memory() {
  static const int64_t bytes = [] {
    const int64_t machine = total_memory() > 0 ? total_memory() : INT64_MAX / 2;
    return std::min(machine, cgroup_memory_limit().value_or(machine));
  }();
  return bytes;
}

int64_t run_budget(const Session::State& state, int64_t input_bytes) {
  int64_t ceiling = machine_memory() / 5 * 4;
  if (auto knob = knob_integer(Knob::memory_limit, 1); knob && *knob) ceiling = std::min(ceiling, **knob);
  if (state.options.memory_budget > 0) return std::min(state.options.memory_budget, ceiling);
  int64_t scaled;
  if (__builtin_mul_overflow(state.weight_bytes + input_bytes, kBudgetFactor, &scaled)) return ceiling;
  return std::min(ceiling, scaled > ceiling ? ceiling : kBaseBudget + scaled);
}

// Rows of bodies are written before the row of what runs them.
static void order_by_begin(std::vector<NodeProfile>& rows) {
  if (std::ranges::is_sorted(rows, {}, &NodeProfile::begin)) return;
  std::vector<std::pair<double, size_t>> order;
  for (size_t i = 0; i < rows.size(); ++i) order.emplace_back(rows[i].begin, i);
  std::ranges::sort(order);
  std::vector<NodeProfile> sorted;
  for (const auto& [begin, i] : order) sorted.push_back(std::move(rows[i]));
  rows = std::move(sorted);
}

static Result<std::vector<Value>> run_checked(const Session::State& state, const Inputs& given, const RunOptions& options) {
  if (const auto variant = NACRE_TRY(variant_for(state, given))) return run_session(*variant, given, options);
  std::vector<Value> inputs = NACRE_TRY(order_inputs(state, given));
  MemoryBudget budget(run_budget(state, bytes_of(inputs)));
  RunContext context{.threads = state.threads, .budget = &budget, .cancel = options.cancel, .profile = options.profile};
  if (options.timeout.count() > 0) context.deadline = std::chrono::steady_clock::now() + options.timeout;
  if (options.profile) options.profile->nodes.clear(), context.begin = std::chrono::steady_clock::now();
  NACRE_TRY(context.checkpoint());
  auto outputs = NACRE_TRY(run_compilation(state, std::move(inputs), context));
  if (options.profile) order_by_begin(options.profile->nodes);
  return outputs;
}

Result<std::vector<Value>> run_session(const Session::State& state, const Inputs& given, const RunOptions& options) {
  return guarded([&] { return run_checked(state, given, options); });
}

// --- the public edge: values become exceptions ---

Session Session::load(const std::filesystem::path& path, const SessionOptions& options) {
  auto load = [&]() -> Result<std::shared_ptr<const State>> {
    const auto ahead = check_kept_weights(path, options);
    return make_session(NACRE_TRY(load_graph(path, options.weights)), options, source_of(path));
  };
  auto state = load();
  if (state) return Session(std::move(*state));
  // Errors of the file system name the file themselves.
  const bool named = state.error().message().find(cat('"', path.string(), '"')) != std::string::npos;
  throw named ? std::move(state.error()) : std::move(state.error().within(path.string()));
}

Session Session::from_bytes(std::span<const std::byte> bytes, std::shared_ptr<const void> owner, const SessionOptions& options) {
  if (!owner) {
    auto copy = std::make_shared<const std::vector<std::byte>>(bytes.begin(), bytes.end());
    bytes = *copy;
    owner = std::move(copy);
  }
  auto source = std::make_shared<const ModelSource>(ModelSource{"", bytes, owner});
  return Session(unwrap(make_session(unwrap(guarded([&] { return import_onnx_bytes(bytes, owner); })), options, std::move(source))));
}

const std::vector<Port>& Session::inputs() const noexcept { return state_->inputs; }
const std::vector<Port>& Session::outputs() const noexcept { return state_->outputs; }
Report Session::report() const { return state_->report(); }

Outputs Session::run(const Inputs& inputs, const RunOptions& options) const {
  return Outputs(state_->output_names, unwrap(run_session(*state_, inputs, options)));
}

void Session::trim() const noexcept {
  for (const CompiledRegion& region : state_->regions) region.executable->trim();
}

const Value& Outputs::value(std::string_view name) const {
  for (size_t i = 0; i < names_->size(); ++i)
    if ((*names_)[i] == name) return values_[i];
  std::string known;
  for (const std::string& each : *names_) known += (known.empty() ? "" : ", ") + each;
  throw Error(ErrorCode::not_found, cat("the model has no output '", name, "'; it has ", known));
}

}  // namespace nacre
