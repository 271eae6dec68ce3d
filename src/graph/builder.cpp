#include "graph/builder.h"

#include "core/convert.h"

namespace nacre {

void Builder::append(Node node) {
  if (!status_) return;
  graph_.nodes.push_back(std::move(node));
  status_ = infer_node(graph_, graph_.nodes.back());
  if (!status_) graph_.nodes.pop_back();
}

std::vector<Edge> Builder::add_many(std::string_view op, std::vector<Edge> inputs, size_t outputs, Attributes attributes,
                                    std::string_view domain) {
  if (!status_) return std::vector<Edge>(outputs, kAbsent);
  Node node;
  node.op = find_op(domain, op);
  if (!node.op) {
    status_ = fail(ErrorCode::unsupported, "unknown operator ", domain, domain.empty() ? "" : ".", op);
    return std::vector<Edge>(outputs, kAbsent);
  }
  while (!inputs.empty() && inputs.back() == kAbsent) inputs.pop_back();
  node.name = cat(prefix_, prefix_.empty() ? "" : "/", op);
  node.inputs = std::move(inputs);
  node.attributes = std::move(attributes);
  for (size_t i = 0; i < outputs; ++i) node.outputs.push_back(graph_.add_edge());
  std::vector<Edge> out = node.outputs;
  append(std::move(node));
  return status_ ? out : std::vector<Edge>(outputs, kAbsent);
}

Edge Builder::add(std::string_view op, std::vector<Edge> inputs, Attributes attributes, std::string_view domain) {
  return add_many(op, std::move(inputs), 1, std::move(attributes), domain)[0];
}

Edge Builder::scalar(double value, Edge like) {
  if (!status_) return kAbsent;
  const DType dtype = graph_.fact(like).dtype;
  Tensor out(dtype, {});
  store_from<double>(dtype, out.mutable_raw(), 0, 1, &value);
  return constant(std::move(out));
}

Edge Builder::ints(std::vector<int64_t> values) {
  const Shape shape{static_cast<int64_t>(values.size())};
  return constant(Tensor::of<int64_t>(shape, std::span<const int64_t>(values)));
}

const Fact& Upgrade::fact(size_t i) const {
  static const Fact kUnknown;
  return has(i) ? builder.graph().fact(node.inputs[i]) : kUnknown;
}

void Upgrade::set_input(size_t position, Edge edge) {
  while (node.inputs.size() <= position) node.inputs.push_back(kAbsent);
  node.inputs[position] = edge;
}

void Upgrade::attribute_to_input(std::string_view name, size_t position) {
  if (!node.attributes.has(name)) return;
  set_input(position, builder.ints(node.attributes.integers(name)));
  node.attributes.erase(name);
}

}  // namespace nacre
