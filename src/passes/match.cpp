#include "passes/match.h"

#include "core/convert.h"

namespace nacre {

std::optional<double> Match::scalar(Edge edge) const {
  const Tensor* constant = graph_.constant(edge);
  if (!constant || constant->size() != 1 || !is_float(constant->dtype())) return std::nullopt;
  double value = 0;
  load_as<double>(constant->dtype(), constant->raw(), 0, 1, &value);
  return value;
}

std::optional<Edge> Match::beside_scalar(const Node& node, double value) const {
  if (node.formal_inputs() != 2) return std::nullopt;
  for (auto [a, b] : orders(node))
    if (is_scalar(b, value)) return a;
  return std::nullopt;
}

bool Match::reduces_last(const Node& node) const {
  const auto& shape = graph_.fact(node.inputs[0]).shape;
  const Tensor* axes = node.has_input(1) ? graph_.constant(node.inputs[1]) : nullptr;
  if (!shape || !axes || axes->size() != 1 || axes->dtype() != DType::int64 || node.attributes.integer("keepdims", 1) != 1) return false;
  const int64_t axis = axes->data<int64_t>()[0];
  return axis == -1 || axis == int64_t(shape->size()) - 1;
}

bool Match::is_row(Edge edge, Edge like) const {
  const Tensor* constant = graph_.constant(edge);
  const auto& shape = graph_.fact(like).shape;
  return constant && constant->dtype() == graph_.fact(like).dtype && shape && !shape->empty() && constant->rank() == 1 &&
         shape->back().is(constant->size());
}

}  // namespace nacre
