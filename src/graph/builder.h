// Adds nodes to a graph with facts inferred as it goes.
//
//   Builder b(graph);
//   Edge half = b.mul(x, b.constant(0.5f, x));
//   NACRE_TRY(b.status());
#pragma once

#include "graph/op.h"

namespace nacre {

/// The first failure is kept in `status`; after it every call returns kAbsent, so rules need to check once, at the end.
class Builder {
 public:
  explicit Builder(Graph& graph, std::string prefix = {}) : graph_(graph), prefix_(std::move(prefix)) {}

  Graph& graph() noexcept { return graph_; }
  Result<void> status() const { return status_; }
  /// Nodes made from now on are named PREFIX/Op.
  void set_prefix(std::string prefix) { prefix_ = std::move(prefix); }

  /// Appends a node with one output. Trailing kAbsent inputs are dropped.
  Edge add(std::string_view op, std::vector<Edge> inputs, Attributes attributes = {}, std::string_view domain = "");
  /// Appends a node with several outputs.
  std::vector<Edge> add_many(std::string_view op, std::vector<Edge> inputs, size_t outputs, Attributes attributes = {},
                             std::string_view domain = "");
  /// Appends a finished node (its output edges exist already) and infers their facts.
  void append(Node node);

  Edge constant(Tensor value, std::string name = {}) { return graph_.add_constant(std::move(value), std::move(name)); }
  /// A scalar of the dtype of `like`.
  Edge scalar(double value, Edge like);
  /// A 1-D int64 constant.
  Edge ints(std::vector<int64_t> values);

  Edge add(Edge a, Edge b) { return add("Add", {a, b}); }
  Edge sub(Edge a, Edge b) { return add("Sub", {a, b}); }
  Edge mul(Edge a, Edge b) { return add("Mul", {a, b}); }
  Edge div(Edge a, Edge b) { return add("Div", {a, b}); }
  Edge pow(Edge a, Edge b) { return add("Pow", {a, b}); }
  Edge neg(Edge x) { return add("Neg", {x}); }
  Edge exp(Edge x) { return add("Exp", {x}); }
  Edge log(Edge x) { return add("Log", {x}); }
  Edge sqrt(Edge x) { return add("Sqrt", {x}); }
  Edge tanh(Edge x) { return add("Tanh", {x}); }
  Edge erf(Edge x) { return add("Erf", {x}); }
  Edge sigmoid(Edge x) { return add("Sigmoid", {x}); }
  Edge softplus(Edge x) { return add("Softplus", {x}); }
  Edge where(Edge condition, Edge a, Edge b) { return add("Where", {condition, a, b}); }
  Edge matmul(Edge a, Edge b) { return add("MatMul", {a, b}); }
  Edge cast(Edge x, DType to) { return add("Cast", {x}, {{"to", static_cast<int64_t>(to)}}); }
  Edge reshape(Edge x, std::vector<int64_t> shape) { return add("Reshape", {x, ints(std::move(shape))}); }
  Edge reshape(Edge x, Edge shape) { return add("Reshape", {x, shape}); }
  Edge transpose(Edge x, std::vector<int64_t> perm) { return add("Transpose", {x}, {{"perm", std::move(perm)}}); }
  Edge unsqueeze(Edge x, std::vector<int64_t> axes) { return add("Unsqueeze", {x, ints(std::move(axes))}); }
  Edge reduce(std::string_view op, Edge x, std::vector<int64_t> axes, bool keepdims = true) {
    return add(op, {x, ints(std::move(axes))}, {{"keepdims", int64_t{keepdims}}});
  }

 private:
  Graph& graph_;
  std::string prefix_;
  Result<void> status_;
};

/// What `Op::upgrade` works on: a node as an older opset wrote it, not in the graph yet. The rule edits `node` into the
/// canonical form (its `op` too), adds nodes before it through `builder`, or replaces it altogether.
class Upgrade {
 public:
  Upgrade(Builder& builder, Node& node, int64_t version) : builder(builder), node(node), version(version) {}
  Builder& builder;
  Node& node;
  const int64_t version;  ///< the opset of the node's domain in the file

  bool has(size_t i) const { return node.has_input(i); }
  /// Input `i`, kAbsent where there is none; its fact is then an unknown one.
  Edge input(size_t i) const { return has(i) ? node.inputs[i] : kAbsent; }
  const Fact& fact(size_t i) const;
  const Tensor* constant(size_t i) const { return has(i) ? builder.graph().constant(node.inputs[i]) : nullptr; }
  /// Turns integer-list attribute `name` into int64 input `position` (nothing when it is absent).
  void attribute_to_input(std::string_view name, size_t position);
  /// Puts `edge` at input `position`, padding with kAbsent.
  void set_input(size_t position, Edge edge);
  /// The node is not wanted: these edges are its outputs (facts known, names are given by the importer).
  void replace(std::vector<Edge> outputs) { replaced_ = true, outputs_ = std::move(outputs); }
  bool replaced() const noexcept { return replaced_; }
  const std::vector<Edge>& outputs() const noexcept { return outputs_; }

 private:
  bool replaced_ = false;
  std::vector<Edge> outputs_;
};

/// Checks a node's arity and the dtype of its first input. Errors name the node.
Result<void> check_node(const Graph& graph, const Node& node);

/// Runs `infer` for one node: checks arity and dtypes, sets the facts of its outputs. Errors name the node.
Result<void> infer_node(Graph& graph, Node& node);

}  // namespace nacre
