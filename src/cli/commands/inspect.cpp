// nacre inspect MODEL: what is in a model, what it costs and what would run where. Nothing is run.
#include <nlohmann/json.hpp>

#include "cli/facts.h"
#include "cli/model.h"
#include "cli/print.h"
#include "graph/op.h"
#include "passes/pass.h"
#include "passes/quantized.h"

namespace nacre::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  ModelOptions model;
  bool json = false, plan = false, edges = false;
};

struct Found {
  Graph graph;  // as the file has it
  std::vector<Port> inputs, outputs;
  Bindings bindings;    // what costs and plans are for
  std::string unbound;  // why there is no cost at these shapes; empty when there is
  Cost cost;
  Weights weights;
  StatePtr state;
  PlanReport plan;
  bool planned = false;
  std::vector<std::pair<std::string, std::string>> floats;  // nodes between quantizers that compute in float, and why
};

std::map<std::string, int64_t> kernel_counts(const Found& found) {
  std::map<std::string, int64_t> out;
  for (const PlanReport::Step& step : found.plan.steps) ++out[step.kernel];
  return out;
}

/// Only a model that one backend takes whole has one plan.
void plan(Found& found, const Graph& bound) {
  if (found.state->regions.size() != 1) return;
  std::vector<Fact> facts;
  for (Edge edge : bound.inputs) facts.push_back(bound.fact(edge));
  auto report = found.state->regions[0].executable->plan(facts);
  if (!report)
    found.unbound = report.error().what();
  else
    found.plan = std::move(*report), found.planned = !found.plan.steps.empty();
}

/// Of a model with 8-bit codes: what our engine leaves in float.
void find_floats(Found& found, bool optimised) {
  Graph fused = found.graph;
  if (!optimised || !optimise(fused, PassLevel::standard) || !optimise(fused, PassLevel::fusion)) return;
  for (const FloatNode& left : left_in_float(fused)) found.floats.emplace_back(describe(*left.node), left.reason);
}

Found look(const ModelOptions& options) {
  check_backends(options);
  Found out{.graph = open_graph(options.path)};
  out.inputs = ports_of(out.graph, out.graph.inputs, {});
  out.outputs = ports_of(out.graph, out.graph.outputs, out.graph.output_names);
  out.weights = weights_of(out.graph);
  find_floats(out, options.session().optimise);
  out.bindings = complete_bindings(out.graph, options.bindings());
  out.state = check(make_session(out.graph, options.session(), source_of(options.path)), options.path);
  Graph bound = out.graph;
  if (auto done = bind_shapes(bound, out.bindings); !done) {
    out.unbound = done.error().what();
    return out;
  }
  out.cost = cost_of(bound);
  plan(out, bound);
  return out;
}

// --- text ---

std::string ports_text(std::string_view title, const std::vector<Port>& ports) {
  Table table({std::string(title), "type"});
  for (const Port& port : ports) table.add({port.name, port.type});
  return table.text() + "\n";
}

std::string opsets_text(const Graph& graph) {
  std::map<std::string, int64_t> sorted(graph.opsets.begin(), graph.opsets.end());
  std::vector<std::string> out;
  for (const auto& [domain, version] : sorted) out.push_back(cat(domain.empty() ? "ai.onnx" : domain, " ", version));
  return joined(out);
}

std::string costs_text(const Found& found) {
  const std::string at = bindings_text(found.bindings);
  std::string out = cat("parameters  ", scaled(double(found.weights.parameters)), "\nnodes       ", found.graph.nodes.size(),
                        "\nweights     ", bytes_text(found.weights.bytes), "\n");
  if (!found.unbound.empty())
    return out + cat("work        not known", at.empty() ? "" : " at ", at, " (set with --dim): ", found.unbound, "\n");
  out += cat("work        ", scaled(found.cost.flops), found.cost.flops >= 1000 ? "FLOP" : " FLOP");
  if (found.cost.unknown) out += cat(", ", found.cost.unknown, " of ", found.cost.nodes, " nodes not counted: their shapes depend on data");
  out += at.empty() ? "\n" : cat("  at ", at, " (set with --dim)\n");
  if (found.planned)
    out += cat("arena       ", bytes_text(found.plan.arena_bytes),
               found.plan.complete ? "" : ", and more when shapes that depend on data are known", "\n");
  return out;
}

std::string placement_text(const Found& found) {
  std::string out = "placement\n";
  const std::string report = found.state->report().text();
  for (const std::string& line : split(report, '\n')) out += cat("  ", line, "\n");
  if (found.planned) {
    std::vector<std::string> kernels;
    for (const auto& [kernel, count] : kernel_counts(found)) kernels.push_back(cat(count, " ", kernel));
    out += cat("  after optimisation: ", joined(kernels), "\n");
  }
  for (const auto& [node, reason] : found.floats) out += cat("  in float between quantizers: ", node, ": ", reason, "\n");
  return out;
}

std::string plan_text(const Found& found) {
  Table table({"step", "kernel", "node", "result"});
  for (const PlanReport::Step& step : found.plan.steps) table.add({cat(table.rows()), step.kernel, step.node, step.type});
  return table.text();
}

std::string edges_text(const Graph& graph) {
  Table table({"node", "edge", "type"});
  for (const Node& node : graph.nodes)
    for (Edge edge : node.outputs)
      if (edge != kAbsent) table.add({describe(node), graph[edge].name, graph.fact(edge).text()});
  return table.text();
}

std::string text_of(const Options& options, const Found& found) {
  const auto producer = found.graph.metadata.find("producer_name");
  std::string out = cat("model       ", options.model.path,
                        producer == found.graph.metadata.end() || producer->second.empty() ? "" : ", by " + producer->second,
                        "\nopsets      ", opsets_text(found.graph), "\n", costs_text(found), "\n");
  out += ports_text("input", found.inputs) + ports_text("output", found.outputs);
  Table operators({"operator", "nodes"});
  for (const auto& [name, count] : operator_counts(found.graph)) operators.add({name, cat(count)});
  out += operators.text() + "\n" + placement_text(found);
  if (options.plan) out += "\n" + plan_text(found);
  if (options.edges) out += "\n" + edges_text(found.graph);
  return out;
}

// --- JSON ---

Json ports_json(const std::vector<Port>& ports) {
  Json out = Json::array();
  for (const Port& port : ports) {
    Json one{{"name", port.name}, {"type", port.type}, {"dtype", std::string(to_string(port.dtype))}};
    one["dims"] = port.has_rank ? Json(port.dims) : Json(nullptr);
    out.push_back(std::move(one));
  }
  return out;
}

Json edge_json(const Graph& graph, const Node& node, Edge edge) {
  const Fact& fact = graph.fact(edge);
  Json out{{"node", describe(node)}, {"name", graph[edge].name}, {"type", fact.text()}, {"dims", nullptr}};
  if (!fact.is_tensor() || !fact.shape) return out;
  out["dims"] = Json::array();
  for (const SymDim& dim : *fact.shape) out["dims"].push_back(dim.text());
  return out;
}

/// Those of bodies too, after the node that has them.
Json edges_json(const Graph& graph) {
  Json out = Json::array();
  for (const Node& node : graph.nodes) {
    for (Edge edge : node.outputs)
      if (edge != kAbsent) out.push_back(edge_json(graph, node, edge));
    for (const Body& body : node.bodies)
      for (Json& inner : edges_json(*body.graph)) out.push_back(std::move(inner));
  }
  return out;
}

void add_cost(Json& out, const Found& found) {
  out["at"] = Json::object();
  for (const auto& [name, value] : std::map<std::string, int64_t>(found.bindings.begin(), found.bindings.end())) out["at"][name] = value;
  out["flops"] = found.unbound.empty() ? Json(found.cost.flops) : Json(nullptr);
  out["uncounted_nodes"] = found.cost.unknown;
  out["arena_bytes"] = found.planned ? Json(found.plan.arena_bytes) : Json(nullptr);
  if (!found.unbound.empty()) out["not_known"] = found.unbound;
}

std::string json_of(const Options& options, const Found& found) {
  Json out{{"model", options.model.path}, {"nodes", found.graph.nodes.size()}};
  out["opsets"] = Json::object();
  for (const auto& [domain, version] : found.graph.opsets) out["opsets"][domain.empty() ? "ai.onnx" : domain] = version;
  out["metadata"] = std::map<std::string, std::string>(found.graph.metadata.begin(), found.graph.metadata.end());
  out["inputs"] = ports_json(found.inputs), out["outputs"] = ports_json(found.outputs);
  out["operators"] = operator_counts(found.graph);
  out["parameters"] = found.weights.parameters, out["weight_bytes"] = found.weights.bytes;
  add_cost(out, found);
  out["placement"] = Json::parse(found.state->report().json(), nullptr, false);
  out["kernels"] = kernel_counts(found);
  out["floats_between_quantizers"] = Json::array();
  for (const auto& [node, reason] : found.floats) out["floats_between_quantizers"].push_back({{"node", node}, {"reason", reason}});
  if (options.plan) {
    out["plan"] = Json::array();
    for (const PlanReport::Step& step : found.plan.steps)
      out["plan"].push_back({{"node", step.node}, {"op", step.op}, {"kernel", step.kernel}, {"type", step.type}});
  }
  if (options.edges) out["edges"] = edges_json(found.graph);
  return out.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

int inspect(const Options& options) {
  const Found found = look(options.model);
  print(options.json ? json_of(options, found) : text_of(options, found));
  return kDone;
}

Action configure(Arguments& arguments) {
  auto options = std::make_shared<Options>();
  add_model_options(arguments, options->model);
  add_dim_option(arguments, options->model);
  arguments.flag("--json", options->json, "print JSON");
  arguments.flag("--plan", options->plan, "the steps a run takes, with their kernels");
  arguments.flag("--edges", options->edges, "every intermediate with its inferred type");
  return [options] { return inspect(*options); };
}

}  // namespace

extern const Command command_inspect;
const Command command_inspect{.name = "inspect",
                              .about = "Shows inputs, outputs, operators, costs and what would run where",
                              .example = "nacre inspect model.onnx --dim batch=1 --dim seq=128 --plan",
                              .configure = configure};

}  // namespace nacre::cli
