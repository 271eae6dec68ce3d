#include "runtime/execution.h"

#include <algorithm>

#include "core/log.h"
#include "graph/op.h"
#include "importers/onnx/export.h"
#include "passes/pass.h"
#include "runtime/fallback.h"

namespace nacre {
namespace {

// A backend that refuses node after node is given up after so many.
constexpr int kMostRefusals = 32;

class Compiler {
 public:
  Compiler(Graph graph, const CompileRequest& request) : graph_(std::move(graph)), request_(request) {}

  Result<Compilation> run() {
    if (request_.source && request_.order[0].backend->takes_models) {
      auto whole = compile_model();
      if (whole || request_.strict) return whole;
      whole_cause_ = cat(request_.order[0].text(), " did not take the whole model (", whole.error().what(), ")");
    }
    if (request_.optimise) NACRE_TRY(optimise(graph_, PassLevel::standard));
    for (int refusals = 0;; ++refusals) {
      Placement placement = NACRE_TRY(place(graph_, request_.order, request_.strict, excluded_));
      auto regions = compile_all(placement, refusals);
      if (!regions) return std::unexpected(std::move(regions.error()));
      if (!regions->empty() || placement.regions.empty()) return finish(std::move(*regions), std::move(placement.report));
    }
  }

 private:
  CompileOptions options_for(const Target& target) {
    settings_ = settings_of(request_.settings, target.backend->name);
    return {.threads = request_.threads,
            .optimise = request_.optimise,
            .strict = request_.strict,
            .device = target.device,
            .device_index = target.index,
            .settings = &settings_,
            .exporter = export_onnx_bytes,
            .notes = &notes_};
  }

  // The model as the file has it, to a backend that reads such files itself.
  Result<Compilation> compile_model() {
    const Target& target = request_.order[0];
    CompileOptions options = options_for(target);
    options.source = request_.source.get();
    Region region{.target = target, .reason = "", .graph = graph_, .inputs = graph_.inputs, .outputs = graph_.outputs, .nodes = {}};
    std::unique_ptr<Executable> executable = NACRE_TRY(target.backend->compile(graph_, options));
    Report report;
    PlacedRegion placed{target.text(), "first choice, the whole model from its own bytes", {}, {}};
    for (const Node& node : graph_.nodes) placed.nodes.push_back(describe(node));
    placed.reasons.assign(placed.nodes.size(), placed.reason);
    for (size_t n = 0; n < graph_.nodes.size(); ++n) add_part(*executable, graph_.nodes[n], placed.reasons[n]);
    report.regions.push_back(std::move(placed));
    std::vector<CompiledRegion> regions;
    regions.push_back(guarded(region, std::move(executable), report.regions[0].nodes));
    return finish(std::move(regions), std::move(report));
  }

  // Empty: a backend refused something, and the placement is to be made again without it.
  Result<std::vector<CompiledRegion>> compile_all(Placement& placement, int refusals) {
    std::vector<CompiledRegion> out;
    for (size_t i = 0; i < placement.regions.size(); ++i) {
      Region& region = placement.regions[i];
      std::shared_ptr<Executable>& done = done_[cat(region.target.text(), nodes_key(region))];
      if (!done) {
        auto executable = region.target.backend->compile(region.graph, options_for(region.target));
        if (!executable) {
          if (!refuse(region, executable.error(), refusals)) return std::unexpected(std::move(executable.error()));
          return std::vector<CompiledRegion>();
        }
        done = std::move(*executable);
      }
      std::vector<std::string>& reasons = placement.report.regions[i].reasons;
      for (size_t n = 0; n < region.nodes.size(); ++n) add_part(*done, graph_.nodes[region.nodes[n]], reasons[n]);
      out.push_back(guarded(region, done, placement.report.regions[i].nodes));
    }
    return out;
  }

  /// Which of a backend's own parts runs the node, as an execution provider of ONNX Runtime.
  static void add_part(const Executable& executable, const Node& node, std::string& reason) {
    if (const std::string part = executable.kernel_name(node); !part.empty()) reason += cat(", on ", part);
  }

  static std::string nodes_key(const Region& region) {
    std::string key;
    for (size_t n : region.nodes) key += cat(" ", n);
    return key;
  }

  // The node that the error names, or all of the region, go elsewhere. False: there is nowhere else.
  bool refuse(const Region& region, const Error& error, int refusals) {
    const size_t position = size_t(std::find(request_.order.begin(), request_.order.end(), region.target) - request_.order.begin());
    const bool last = position + 1 >= request_.order.size();
    if (request_.strict || last || error.code() == ErrorCode::cancelled || region.nodes.empty()) return false;
    const std::string cause = cat(region.target.text(), " could not compile it: ", error.message());
    const auto named =
        std::find_if(region.nodes.begin(), region.nodes.end(), [&](size_t n) { return describe(graph_.nodes[n]) == error.node(); });
    if (named != region.nodes.end() && refusals < kMostRefusals)
      excluded_[{position, *named}] = cause;
    else
      for (size_t n : region.nodes) excluded_[{position, n}] = cause;
    return true;
  }

  CompiledRegion guarded(Region& region, std::shared_ptr<Executable> executable, const std::vector<std::string>& nodes) {
    CompileRequest rest = request_;
    rest.source = nullptr;
    std::erase(rest.order, region.target);
    if (!request_.strict && !rest.order.empty() && region.target != request_.order.back())
      executable = with_fallback(std::move(executable), std::move(region.graph), std::move(rest), region.target.text(), nodes);
    return {region.target, std::move(executable), std::move(region.inputs), std::move(region.outputs)};
  }

  Compilation finish(std::vector<CompiledRegion> regions, Report report) {
    if (!whole_cause_.empty()) report.warnings.insert(report.warnings.begin(), whole_cause_);
    report.warnings.insert(report.warnings.end(), notes_.begin(), notes_.end());
    for (const std::string& warning : report.warnings) log_message(LogLevel::warning, warning);
    request_.book->write(std::move(report));
    return {std::move(graph_), std::move(regions)};
  }

  Graph graph_;
  const CompileRequest& request_;
  Exclusions excluded_;
  std::unordered_map<std::string, std::shared_ptr<Executable>> done_;
  BackendOptions settings_;
  std::vector<std::string> notes_;
  std::string whole_cause_;
};

}  // namespace

Report ReportBook::read() const {
  const std::lock_guard lock(mutex_);
  return report_;
}

void ReportBook::write(Report report) {
  const std::lock_guard lock(mutex_);
  report.warnings.insert(report.warnings.begin(), report_.warnings.begin(), report_.warnings.end());
  report_ = std::move(report);
}

void ReportBook::replace(const std::vector<std::string>& nodes, const Report& instead, const std::string& cause) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(report_.regions.begin(), report_.regions.end(), [&](const PlacedRegion& r) { return r.nodes == nodes; });
  if (found == report_.regions.end()) return;
  const auto after = report_.regions.erase(found);
  auto added = report_.regions.insert(after, instead.regions.begin(), instead.regions.end());
  for (size_t i = 0; i < instead.regions.size(); ++i, ++added) {
    added->reason = cause;
    added->reasons.assign(added->nodes.size(), cause);
  }
  report_.crossings += instead.crossings;
  report_.warnings.push_back(cat(nodes.size(), " node(s) moved: ", cause));
}

Result<Compilation> compile_graph(Graph graph, const CompileRequest& request) { return Compiler(std::move(graph), request).run(); }

Result<std::vector<Value>> run_compilation(const Compilation& compilation, std::vector<Value> inputs, RunContext& context) {
  const Graph& graph = compilation.graph;
  if (compilation.regions.size() == 1) {
    std::vector<Value> outputs(graph.outputs.size());
    NACRE_TRY(compilation.regions[0].executable->run(inputs, outputs, context));
    return outputs;
  }
  // Several regions hand values over in a table by edge.
  std::vector<Value> table(graph.edge_count());
  for (size_t i = 0; i < inputs.size(); ++i) table[index(graph.inputs[i])] = std::move(inputs[i]);
  auto value_of = [&](Edge edge) { return graph.constant(edge) ? Value(*graph.constant(edge)) : table[index(edge)]; };
  for (const CompiledRegion& region : compilation.regions) {
    std::vector<Value> in, out(region.outputs.size());
    for (Edge edge : region.inputs) in.push_back(value_of(edge));
    NACRE_TRY(region.executable->run(in, out, context));
    for (size_t i = 0; i < out.size(); ++i) table[index(region.outputs[i])] = std::move(out[i]);
  }
  std::vector<Value> out;
  for (Edge edge : graph.outputs) out.push_back(value_of(edge));
  return out;
}

}  // namespace nacre
