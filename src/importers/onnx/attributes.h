// A node's attributes, with those that a function takes from its call.
#pragma once

#include <memory>

#include "graph/graph.h"
#include "io/onnx_tensor.h"

namespace nacre {

/// What the attribute names of a function stand for in one call. Absent: not given, no default.
using AttributeBindings = std::unordered_map<std::string_view, const onnx::AttributeProto*>;

AttributeBindings bind_attributes(const onnx::FunctionProto& function, const onnx::NodeProto& call, const AttributeBindings* outer);

struct AttributeReader {
  std::shared_ptr<const void> owner;
  onnx::ExternalDir* external;
  const AttributeBindings* bindings;

  /// All but graphs, which become bodies.
  Result<Attributes> read(const onnx::NodeProto& node, Graph& graph) const;

 private:
  Result<AttributeValue> value(const onnx::AttributeProto& attribute, Graph& graph) const;
};

/// The tensor a Constant node stands for, whichever of its attributes holds it.
Result<Tensor> constant_value(const Attributes& attributes);

}  // namespace nacre
