#include "cli/coverage.h"

#include <algorithm>

#include "core/allocate.h"
#include "graph/builder.h"
#include "runtime/backend.h"

namespace nacre::cli {
namespace {

/// What the inputs of an operator look like: the first one, and all others.
struct Form {
  Shape first, rest;
  bool constant = true;   // the others are weights
  bool integers = false;  // the others are int64, such as axes
};

const Form kForms[] = {
    {{2, 8, 16, 16}, {8, 8, 3, 3}},
    {{2, 8, 16, 16}, {8}},
    {{4, 16}, {16, 16}},
    {{4, 16}, {16}},
    {{4, 16}, {4, 16}, false},
    {{4, 16}, {1}, true, true},
    {{2, 8, 16, 16}, {4}, true, true},
};

DType element_type(const Op& op) {
  for (DType dtype : {DType::float32, DType::boolean, DType::int64, DType::uint8, DType::int8, DType::string})
    if (op.types.has(dtype)) return dtype;
  return DType::float32;
}

/// A graph of one node in this form; fails when the operator does not take it.
Result<Graph> graph_of(const Op& op, const Form& form) {
  Graph graph;
  Node node;
  node.op = &op;
  node.attributes.set("kernel_shape", std::vector<int64_t>{3, 3});  // for those that have windows; others do not look
  const int count = std::clamp(op.inputs.least, 1, 8);
  for (int i = 0; i < count; ++i) {
    const Shape& shape = i == 0 ? form.first : form.rest;
    const DType dtype = i > 0 && form.integers ? DType::int64 : element_type(op);
    if (i > 0 && form.constant)
      node.inputs.push_back(graph.add_constant(NACRE_TRY(allocate(dtype, shape, nullptr, Fill::zero))));
    else
      node.inputs.push_back(graph.add_input(cat("x", i), Fact::tensor(dtype, symbolic(shape))));
  }
  for (int i = 0; i < std::max(1, op.outputs.least); ++i) {
    node.outputs.push_back(graph.add_edge(cat("y", i)));
    graph.add_output(node.outputs.back(), cat("y", i));
  }
  NACRE_TRY(infer_node(graph, node));
  graph.nodes.push_back(std::move(node));
  return graph;
}

Result<std::string> kernel_in(const Backend& backend, const Graph& graph) {
  if (!backend.supports(graph, graph.nodes[0])) return std::string();
  const auto executable = NACRE_TRY(backend.compile(graph, {.optimise = false}));
  std::vector<Fact> facts;
  for (Edge edge : graph.inputs) facts.push_back(graph.fact(edge));
  const PlanReport plan = NACRE_TRY(executable->plan(facts));
  return plan.steps.empty() ? std::string(backend.name) : plan.steps.back().kernel;
}

/// All kernels that the forms met. What infers in no form needs richer graphs than these; every backend falls back then.
std::string kernels_in(const Backend& backend, std::span<const Graph> graphs) {
  std::vector<std::string> found;
  for (const Graph& graph : graphs) {
    const auto kernel = kernel_in(backend, graph);
    if (kernel && !kernel->empty() && std::find(found.begin(), found.end(), *kernel) == found.end()) found.push_back(*kernel);
  }
  if (found.empty()) found.push_back(backend.name == "null" ? "null" : "reference");
  if (found.size() > 1) std::erase(found, "reference");
  std::string out;
  for (const std::string& each : found) out += (out.empty() ? "" : ", ") + each;
  return out;
}

}  // namespace

std::vector<Coverage> coverage() {
  std::vector<Coverage> out;
  for (const Op* op : all_ops()) {
    std::vector<Graph> graphs;
    for (const Form& form : kForms)
      if (auto graph = graph_of(*op, form)) graphs.push_back(std::move(*graph));
    Coverage row{op, {}};
    for (const Backend* backend : all_backends())
      if (backend->probe({}).available) row.kernels[std::string(backend->name)] = kernels_in(*backend, graphs);
    out.push_back(std::move(row));
  }
  return out;
}

std::string domain_text(std::string_view domain) { return domain.empty() ? "ai.onnx" : std::string(domain); }

}  // namespace nacre::cli
