#include "cli/facts.h"

#include <algorithm>
#include <set>

#include "cli/command.h"
#include "cli/print.h"
#include "graph/op.h"
#include "ops/inference.h"

namespace nacre::cli {
namespace {

void substitute(Fact& fact, const Bindings& bindings) {
  if (fact.shape)
    for (SymDim& dim : *fact.shape) dim = dim.substitute(bindings);
  if (!fact.values) return;
  auto values = std::make_shared<std::vector<SymDim>>(*fact.values);
  for (SymDim& dim : *values) dim = dim.substitute(bindings);
  fact.values = std::move(values);
}

void substitute(Graph& graph, const Bindings& bindings) {
  for (size_t i = 0; i < graph.edge_count(); ++i) substitute(graph[Edge(int32_t(i))].fact, bindings);
  for (Node& node : graph.nodes)
    for (Body& body : node.bodies) substitute(*body.graph, bindings);
}

bool has_known_outputs(const Graph& graph, const Node& node) {
  return std::all_of(node.outputs.begin(), node.outputs.end(),
                     [&](Edge edge) { return edge == kAbsent || !graph.fact(edge).is_tensor() || graph.fact(edge).has_constant_shape(); });
}

double elements_of_output(const Graph& graph, const Node& node) {
  if (node.op->kind == OpKind::movement || node.op->kind == OpKind::shape || node.op->kind == OpKind::control) return 0;
  if (node.outputs.empty() || node.outputs[0] == kAbsent || !graph.fact(node.outputs[0]).shape) return 0;
  return double(product(*graph.fact(node.outputs[0]).shape).constant().value_or(0));
}

}  // namespace

Bindings complete_bindings(const Graph& graph, Bindings given) {
  std::set<std::string> names;
  for (Edge edge : graph.inputs)
    for (const SymDim& dim : graph.fact(edge).shape.value_or(SymShape{}))
      if (const auto name = dim.symbol_name()) names.emplace(*name);
  for (const auto& [name, value] : given)
    if (!names.contains(name))
      throw wrong_use("--dim", "no input has a dimension '", name, "'; there are ",
                      names.empty() ? "none" : joined({names.begin(), names.end()}));
  for (const std::string& name : names) given.try_emplace(name, 1);
  return given;
}

std::string bindings_text(const Bindings& bindings) {
  std::vector<std::string> parts;
  for (const auto& [name, value] : bindings)
    if (!name.empty() && name[0] != '?') parts.push_back(cat(name, "=", value));
  std::sort(parts.begin(), parts.end());
  return joined(parts);
}

Result<void> bind_shapes(Graph& graph, const Bindings& bindings) {
  substitute(graph, bindings);
  return infer_graph(graph);
}

Result<void> bind_inputs(Graph& graph, std::span<const Value> inputs) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    graph[graph.inputs[i]].fact = Fact::of(inputs[i]);
    graph[graph.inputs[i]].fact.values = nullptr;
  }
  return infer_graph(graph);
}

Cost cost_of(const Graph& graph) {
  Cost total;
  for (const Node& node : graph.nodes) {
    ++total.nodes;
    total.flops += node.op->cost ? node.op->cost({graph, node}) : elements_of_output(graph, node);
    if (!has_known_outputs(graph, node)) ++total.unknown;
    double bodies = 0;
    for (const Body& body : node.bodies) {
      const Cost inside = cost_of(*body.graph);
      bodies = std::max(bodies, inside.flops);
      total.nodes += inside.nodes, total.unknown += inside.unknown;
    }
    total.flops += bodies;
  }
  return total;
}

std::string operator_name(const Node& node) {
  return node.op->domain.empty() ? std::string(node.op->name) : cat(node.op->domain, ":", node.op->name);
}

std::map<std::string, int64_t> operator_counts(const Graph& graph) {
  std::map<std::string, int64_t> out;
  for (const Node& node : graph.nodes) {
    ++out[operator_name(node)];
    for (const Body& body : node.bodies)
      for (const auto& [name, count] : operator_counts(*body.graph)) out[name] += count;
  }
  return out;
}

Weights weights_of(const Graph& graph) {
  Weights out;
  for (size_t i = 0; i < graph.edge_count(); ++i) {
    const Tensor* constant = graph.constant(Edge(int32_t(i)));
    if (!constant) continue;
    const DType dtype = constant->dtype();
    const bool bookkeeping = dtype == DType::int64 || dtype == DType::int32 || dtype == DType::boolean || dtype == DType::string;
    out.bytes += int64_t(constant->byte_size());
    if (!bookkeeping) out.parameters += constant->size();
  }
  for (const Node& node : graph.nodes)
    for (const Body& body : node.bodies) {
      const Weights inside = weights_of(*body.graph);
      out.parameters += inside.parameters, out.bytes += inside.bytes;
    }
  return out;
}

}  // namespace nacre::cli
