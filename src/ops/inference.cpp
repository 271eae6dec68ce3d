#include "ops/inference.h"

#include <algorithm>

#include "core/checked.h"
#include "graph/broadcast_dim.h"
#include "graph/builder.h"

namespace nacre {

const Fact& Inference::input(size_t i) const {
  static const Fact kUnknown;
  return has(i) ? graph_.fact(node_.inputs[i]) : kUnknown;
}

const SymShape* Inference::shape(size_t i) const {
  const Fact& fact = input(i);
  return fact.shape ? &*fact.shape : nullptr;
}

const Tensor* Inference::constant(size_t i) const { return has(i) ? graph_.constant(node_.inputs[i]) : nullptr; }

const std::vector<SymDim>* Inference::values(size_t i) const { return input(i).values.get(); }

std::optional<std::vector<int64_t>> Inference::integers(size_t i) const {
  if (const std::vector<SymDim>* known = values(i)) return constant_shape(*known);
  const Tensor* tensor = constant(i);
  if (!tensor) return std::nullopt;
  if (tensor->dtype() == DType::int64) {
    auto data = tensor->data<int64_t>();
    return std::vector<int64_t>(data.begin(), data.end());
  }
  if (tensor->dtype() == DType::int32) {
    auto data = tensor->data<int32_t>();
    return std::vector<int64_t>(data.begin(), data.end());
  }
  return std::nullopt;
}

void Inference::set(size_t i, Fact fact) {
  if (!has_output(i)) return;
  graph_[node_.outputs[i]].fact = std::move(fact);
}

void Inference::set_values(size_t i, std::vector<SymDim> values) {
  if (!has_output(i) || static_cast<int64_t>(values.size()) > kMaxTrackedValues) return;
  graph_[node_.outputs[i]].fact.values = std::make_shared<const std::vector<SymDim>>(std::move(values));
}

SymShape Inference::fresh_shape(size_t rank) {
  SymShape out;
  for (size_t i = 0; i < rank; ++i) out.push_back(fresh());
  return out;
}

Result<int64_t> Inference::checked_axis(int64_t axis, int64_t rank) { return checked_index(axis, rank, "axis"); }

Result<std::vector<Fact>> Inference::infer_body(size_t i, std::span<const Fact> formal) {
  Body& body = node_.bodies[i];
  Graph& graph = *body.graph;
  if (formal.size() != body.formal_inputs())
    return fail(ErrorCode::invalid_model, "body '", body.name, "' takes ", body.formal_inputs(), " inputs, given ", formal.size());
  for (size_t k = 0; k < formal.size(); ++k) graph[graph.inputs[k]].fact = formal[k];
  for (size_t k = 0; k < body.captures.size(); ++k)
    graph[graph.inputs[formal.size() + k]].fact = graph_.fact(node_.inputs[body.captures[k]]);
  graph.avoid_symbols_of(graph_);
  const Result<void> inferred = infer_graph(graph);
  graph_.avoid_symbols_of(graph);
  if (!inferred) return std::unexpected(inferred.error());
  std::vector<Fact> out;
  for (Edge edge : graph.outputs) out.push_back(graph.fact(edge));
  return out;
}

Result<SymShape> broadcast(const SymShape& a, const SymShape& b) {
  SymShape out(std::max(a.size(), b.size()));
  for (size_t i = 0; i < out.size(); ++i) {
    const SymDim x = i < a.size() ? a[a.size() - 1 - i] : SymDim(1), y = i < b.size() ? b[b.size() - 1 - i] : SymDim(1);
    if (x.is_constant() && y.is_constant() && !(x == y) && !x.is(1) && !y.is(1))
      return fail(ErrorCode::invalid_argument, "cannot broadcast ", a, " with ", b, ": ", x, " against ", y);
    out[out.size() - 1 - i] = broadcast_dim(x, y);
  }
  return out;
}

Result<Shape> broadcast(const Shape& a, const Shape& b) { return *constant_shape(NACRE_TRY(broadcast(symbolic(a), symbolic(b)))); }

Result<void> same_as_input(Inference& inference) {
  Fact fact = inference.input(0);
  fact.values = nullptr;
  inference.set(0, std::move(fact));
  return {};
}

namespace {

Result<std::optional<SymShape>> broadcast_all(const Inference& inference) {
  SymShape shape;
  for (size_t i = 0; i < inference.input_count(); ++i) {
    if (!inference.has(i)) continue;
    if (!inference.shape(i)) return std::optional<SymShape>();
    shape = NACRE_TRY(broadcast(shape, *inference.shape(i)));
  }
  return std::optional(std::move(shape));
}

}  // namespace

// As evaluation asks for it: where elements are known, an operator may be gone before it is evaluated.
Result<void> check_same_types(const Inference& inference) {
  for (size_t i = 1; i < inference.input_count(); ++i) {
    const Fact &first = inference.input(0), &other = inference.input(i);
    if (!other.is_tensor() || first.dtype == DType::undefined || other.dtype == DType::undefined || other.dtype == first.dtype) continue;
    return fail(ErrorCode::invalid_model, "inputs are of one type: input 0 is ", first.dtype, ", input ", i, " is ", other.dtype);
  }
  return {};
}

Result<void> broadcast_inputs(Inference& inference) {
  NACRE_TRY(check_same_types(inference));
  inference.set(0, inference.dtype(0), NACRE_TRY(broadcast_all(inference)));
  return {};
}

Result<void> broadcast_to_bool(Inference& inference) {
  NACRE_TRY(check_same_types(inference));
  inference.set(0, DType::boolean, NACRE_TRY(broadcast_all(inference)));
  return {};
}

Fact join(const Fact& a, const Fact& b, Inference& inference) {
  if (a.kind != b.kind) return a.kind == Fact::Kind::unknown ? b : b.kind == Fact::Kind::unknown ? a : Fact{};
  if (a.element && b.element) {
    Fact element = join(*a.element, *b.element, inference);
    return a.kind == Fact::Kind::sequence ? Fact::sequence_of(element) : Fact::optional_of(element);
  }
  if (!a.is_tensor() || a.dtype != b.dtype) return a;
  if (!a.shape || !b.shape || a.shape->size() != b.shape->size()) return Fact::tensor(a.dtype);
  SymShape shape = *a.shape;
  for (size_t i = 0; i < shape.size(); ++i)
    if (!(shape[i] == (*b.shape)[i])) shape[i] = inference.fresh();
  return Fact::tensor(a.dtype, std::move(shape));
}

namespace {

Result<void> check_arity(const Node& node) {
  const Op& op = *node.op;
  const int inputs = static_cast<int>(node.formal_inputs()), outputs = static_cast<int>(node.outputs.size());
  if (inputs < op.inputs.least || inputs > op.inputs.most)
    return fail(ErrorCode::invalid_model, "has ", inputs, " inputs, takes ", op.inputs.least, " to ", op.inputs.most);
  if (outputs < op.outputs.least || outputs > op.outputs.most)
    return fail(ErrorCode::invalid_model, "has ", outputs, " outputs, gives ", op.outputs.least, " to ", op.outputs.most);
  for (int i = 0; i < op.inputs.least; ++i)
    if (!node.has_input(i)) return fail(ErrorCode::invalid_model, "input ", i, " is required and absent");
  return {};
}

Result<void> check_dtype(const Graph& graph, const Node& node) {
  if (!node.has_input(0)) return {};
  const Fact& fact = graph.fact(node.inputs[0]);
  if (!fact.is_tensor() || fact.dtype == DType::undefined || node.op->types.has(fact.dtype)) return {};
  return fail(ErrorCode::invalid_model, "does not take ", fact.dtype, " as its first input");
}

Fact without_shapes(const Fact& fact) {
  Fact out = fact;
  out.shape.reset(), out.values = nullptr;
  if (out.element) out.element = std::make_shared<const Fact>(without_shapes(*out.element));
  return out;
}

// Declared shapes are hints, and some files lie: only kinds and element types are taken, where inference knows nothing.
void keep_declared(EdgeInfo& edge, const Fact& declared) {
  Fact& fact = edge.fact;
  if (fact.kind == Fact::Kind::unknown && declared.kind != Fact::Kind::unknown) fact = without_shapes(declared);
  if (fact.is_tensor() && fact.dtype == DType::undefined) fact.dtype = declared.dtype;
}

}  // namespace

namespace {

Result<void> located(const Node& node, Result<void> result) {
  if (!result) return std::unexpected(std::move(result.error().at(describe(node))));
  return {};
}

// A constant of the wrong dtype, or an attribute that asks for a container of 2^60 entries, throws.
Result<void> infer_guarded(const Node& node, Inference& inference) {
  try {
    return located(node, node.op->infer(inference));
  } catch (const Error& error) { return located(node, std::unexpected(error)); } catch (const std::exception& thrown) {
    return located(node, fail(ErrorCode::resource_exhausted, thrown.what()));
  }
}

}  // namespace

Result<void> check_node(const Graph& graph, const Node& node) {
  NACRE_TRY(located(node, check_arity(node)));
  return located(node, check_dtype(graph, node));
}

Result<void> infer_node(Graph& graph, Node& node) {
  NACRE_TRY(check_node(graph, node));
  std::vector<Fact> declared;
  for (Edge edge : node.outputs) declared.push_back(edge == kAbsent ? Fact{} : std::exchange(graph[edge].fact, {}));
  Inference inference(graph, node);
  NACRE_TRY(infer_guarded(node, inference));
  for (size_t i = 0; i < node.outputs.size(); ++i)
    if (node.outputs[i] != kAbsent) keep_declared(graph[node.outputs[i]], declared[i]);
  return {};
}

Result<void> infer_graph(Graph& graph) {
  for (Node& node : graph.nodes) NACRE_TRY(infer_node(graph, node));
  return {};
}

}  // namespace nacre
