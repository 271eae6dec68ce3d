// Reading a graph backwards from an edge: what pattern passes are written with.
#pragma once

#include <array>
#include <optional>

#include "graph/op.h"

namespace nacre {

class Match {
 public:
  explicit Match(const Graph& graph) : graph_(graph), uses_(graph) {}

  const Graph& graph() const noexcept { return graph_; }
  const Uses& uses() const noexcept { return uses_; }

  /// The node that makes `edge`; null for inputs and constants.
  const Node* maker(Edge edge) const {
    const int32_t n = edge == kAbsent || graph_.constant(edge) ? -1 : uses_.producer[index(edge)];
    return n < 0 ? nullptr : &graph_.nodes[size_t(n)];
  }
  /// The node that makes `edge` as its first output, when it is that operator of ai.onnx.
  const Node* maker(Edge edge, std::string_view op) const {
    const Node* node = maker(edge);
    return node && node->op->name == op && node->op->domain.empty() && node->outputs[0] == edge ? node : nullptr;
  }
  /// The same, and nobody else uses the edge: the node may disappear.
  const Node* only(Edge edge, std::string_view op) const { return edge != kAbsent && uses_.single(edge) ? maker(edge, op) : nullptr; }

  /// The one element of a float constant.
  std::optional<double> scalar(Edge edge) const;
  bool is_scalar(Edge edge, double value, double tolerance = 1e-4) const {
    const std::optional<double> found = scalar(edge);
    return found && std::abs(*found - value) <= tolerance * std::max(1.0, std::abs(value));
  }
  /// Of a two-input node: the operand that is a constant scalar near `value` removed, the other one.
  std::optional<Edge> beside_scalar(const Node& node, double value) const;
  /// Of a two-input node: the operand beside `edge`.
  static std::optional<Edge> beside(const Node& node, Edge edge) {
    if (node.formal_inputs() != 2) return std::nullopt;
    if (node.inputs[0] == edge) return node.inputs[1];
    return node.inputs[1] == edge ? std::optional(node.inputs[0]) : std::nullopt;
  }
  /// The two operands in both orders, for commutative patterns.
  static std::array<std::pair<Edge, Edge>, 2> orders(const Node& node) {
    return {std::pair(node.inputs[0], node.inputs[1]), std::pair(node.inputs[1], node.inputs[0])};
  }

  /// True when `node` reduces exactly the last axis and keeps it.
  bool reduces_last(const Node& node) const;
  /// A constant of one axis as long as `like`'s last axis, and of its dtype.
  bool is_row(Edge edge, Edge like) const;
  /// The single node that uses `edge`; null when there are more or it is an output.
  const Node* user(Edge edge) const { return uses_.single(edge) ? &graph_.nodes[size_t(uses_.consumers[index(edge)][0])] : nullptr; }
  /// Scalars of higher rank than x, [1,1,1] say, add axes to the result: a fused operator would not.
  bool same_shape(Edge a, Edge b) const {
    const auto &x = graph_.fact(a).shape, &y = graph_.fact(b).shape;
    return x && y && *x == *y;
  }
  bool is_float32(Edge edge) const { return graph_.fact(edge).dtype == DType::float32; }

 private:
  const Graph& graph_;
  Uses uses_;
};

/// Makes `node` another operator in place: the same outputs.
inline void become(Node& node, std::string_view op, std::vector<Edge> inputs, Attributes attributes = {}, std::string_view domain = "") {
  node.op = find_op(domain, op);
  node.inputs = std::move(inputs);
  node.attributes = std::move(attributes);
}

}  // namespace nacre
