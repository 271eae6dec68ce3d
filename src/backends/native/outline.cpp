#include "backends/native/outline.h"

#include <algorithm>

#include "core/convert.h"

namespace nacre::native {
namespace {

std::optional<Shape> evaluate(const std::vector<SymDim>& values, const Bindings& bindings) {
  Shape out;
  for (const SymDim& value : values) {
    const std::optional<int64_t> number = value.evaluate(bindings);
    if (!number) return std::nullopt;
    out.push_back(*number);
  }
  return out;
}

/// An integer edge whose elements are all expressions of bound symbols.
bool is_known(const EdgeInfo& edge, const Bindings& probe) {
  const Fact& fact = edge.fact;
  if (edge.constant || !fact.values || !fact.shape || (fact.dtype != DType::int64 && fact.dtype != DType::int32)) return false;
  const std::optional<Shape> shape = constant_shape(*fact.shape);
  return shape && element_count(*shape) == int64_t(fact.values->size()) && evaluate(*fact.values, probe);
}

}  // namespace

Outline::Outline(const Graph& graph) : graph_(graph) {
  Bindings probe;
  for (Edge edge : graph_.inputs)
    for (const SymDim& dim : graph_.fact(edge).shape.value_or(SymShape{}))
      if (const auto symbol = dim.symbol_name()) probe[std::string(*symbol)] = 8;
  drop_known_makers(probe);
  usable_ = graph_.tidy().has_value();
  if (usable_) list_known();
}

void Outline::drop_known_makers(const Bindings& probe) {
  std::erase_if(graph_.nodes, [&](const Node& node) {
    return std::all_of(node.outputs.begin(), node.outputs.end(),
                       [&](Edge edge) { return edge == kAbsent || is_known(graph_[edge], probe); });
  });
}

void Outline::list_known() {
  const Uses uses(graph_);
  std::vector<bool> given(graph_.edge_count());
  for (Edge edge : graph_.inputs) given[index(edge)] = true;
  for (size_t i = 0; i < graph_.edge_count(); ++i) {
    EdgeInfo& edge = graph_[Edge(int32_t(i))];
    if (!given[i]) edge.name.clear();  // nobody reads it in a plan, and every plan would copy it
    if (given[i] || edge.constant || uses.producer[i] >= 0) continue;
    known_.push_back({Edge(int32_t(i)), edge.fact.dtype, *constant_shape(*edge.fact.shape), edge.fact.values});
  }
}

std::optional<Bindings> Outline::bindings(std::span<const Fact> inputs) const {
  Bindings out;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const std::optional<SymShape>& declared = graph_.fact(graph_.inputs[i]).shape;
    if (!declared) continue;
    const std::optional<Shape> shape = inputs[i].shape ? constant_shape(*inputs[i].shape) : std::nullopt;
    if (!shape || shape->size() != declared->size()) return std::nullopt;
    for (size_t d = 0; d < shape->size(); ++d) {
      const auto symbol = (*declared)[d].symbol_name();
      if ((*shape)[d] == 0 || (*declared)[d].differs((*shape)[d])) return std::nullopt;
      if (symbol && out.emplace(*symbol, (*shape)[d]).first->second != (*shape)[d]) return std::nullopt;
    }
  }
  return out;
}

std::optional<Graph> Outline::bind(std::span<const Fact> inputs) const {
  std::optional<Graph> graph = graph_;
  std::vector<bool> changed(graph->edge_count());
  return rebind(*graph, inputs, changed) ? std::move(graph) : std::nullopt;
}

static bool is_same(const Fact& a, const Fact& b) { return a.kind == b.kind && a.dtype == b.dtype && a.shape == b.shape; }

/// A constant of these elements.
static bool holds(const EdgeInfo& edge, const Shape& values) {
  if (!edge.constant || !edge.fact.values || edge.fact.values->size() != values.size()) return false;
  return std::equal(values.begin(), values.end(), edge.fact.values->begin(),
                    [](int64_t value, const SymDim& held) { return held.is(value); });
}

bool Outline::rebind(Graph& graph, std::span<const Fact> inputs, std::vector<bool>& changed) const {
  const std::optional<Bindings> bound = usable_ ? bindings(inputs) : std::nullopt;
  if (!bound) return false;
  for (const Known& known : known_) {
    const std::optional<Shape> values = evaluate(*known.values, *bound);
    if (!values) return false;
    if (holds(graph[known.edge], *values)) continue;
    Tensor tensor(known.dtype, known.shape);
    store_from<int64_t>(known.dtype, tensor.mutable_raw(), 0, tensor.size(), values->data());
    graph.make_constant(known.edge, std::move(tensor));
    changed[index(known.edge)] = true;
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Edge edge = graph.inputs[i];
    if (is_same(graph.fact(edge), inputs[i])) continue;
    graph[edge].fact = inputs[i];
    changed[index(edge)] = true;
  }
  return true;
}

}  // namespace nacre::native
