#include "importers/onnx/attributes.h"

#include "importers/onnx/types.h"

namespace nacre {

AttributeBindings bind_attributes(const onnx::FunctionProto& function, const onnx::NodeProto& call, const AttributeBindings* outer) {
  AttributeBindings out;
  for (const onnx::AttributeProto& attribute : function.attribute_proto) out[attribute.name] = &attribute;
  for (const onnx::AttributeProto& attribute : call.attribute) {
    if (attribute.ref_attr_name.empty()) {
      out[attribute.name] = &attribute;
    } else if (outer) {
      auto found = outer->find(attribute.ref_attr_name);
      if (found != outer->end()) out[attribute.name] = found->second;
    }
  }
  return out;
}

Result<Attributes> AttributeReader::read(const onnx::NodeProto& node, Graph& graph) const {
  Attributes out;
  for (const onnx::AttributeProto& attribute : node.attribute) {
    const onnx::AttributeProto* source = &attribute;
    if (!attribute.ref_attr_name.empty()) {
      if (!bindings)
        return fail(ErrorCode::invalid_model, "attribute '", attribute.name, "' refers to '", attribute.ref_attr_name,
                    "' outside a function");
      auto found = bindings->find(attribute.ref_attr_name);
      if (found == bindings->end()) continue;  // not given: the operator's default holds
      source = found->second;
    }
    if (source->type == onnx::AttributeProto::GRAPH) continue;
    auto read = value(*source, graph);
    if (!read) return std::unexpected(read.error().within(cat("attribute '", attribute.name, "'")));
    out.set(attribute.name, std::move(*read));
  }
  return out;
}

Result<AttributeValue> AttributeReader::value(const onnx::AttributeProto& attribute, Graph& graph) const {
  switch (attribute.type) {
    case onnx::AttributeProto::FLOAT: return attribute.f;
    case onnx::AttributeProto::INT: return attribute.i;
    case onnx::AttributeProto::STRING: return std::string(attribute.s);
    case onnx::AttributeProto::FLOATS: return attribute.floats;
    case onnx::AttributeProto::INTS: return attribute.ints;
    case onnx::AttributeProto::STRINGS: return std::vector<std::string>(attribute.strings.begin(), attribute.strings.end());
    case onnx::AttributeProto::TENSOR:
      if (attribute.t) return NACRE_TRY(onnx::to_tensor(*attribute.t, owner, external));
      break;
    case onnx::AttributeProto::SPARSE_TENSOR:
      if (attribute.sparse_tensor) return NACRE_TRY(onnx::to_tensor(*attribute.sparse_tensor, external));
      break;
    case onnx::AttributeProto::TENSORS: {
      std::vector<Tensor> tensors;
      for (const onnx::TensorProto& tensor : attribute.tensors) tensors.push_back(NACRE_TRY(onnx::to_tensor(tensor, owner, external)));
      return tensors;
    }
    case onnx::AttributeProto::TYPE_PROTO:
      if (attribute.tp) return fact_of(*attribute.tp, graph);
      break;
  }
  return fail(ErrorCode::invalid_model, "has no value of its type ", attribute.type);
}

namespace {

template <class T>
Tensor row(const std::vector<T>& values) {
  return Tensor::of<T>({int64_t(values.size())}, std::span<const T>(values));
}

}  // namespace

Result<Tensor> constant_value(const Attributes& attributes) {
  for (const char* name : {"value", "sparse_value"})
    if (const Tensor* tensor = attributes.tensor(name)) return *tensor;
  if (attributes.has("value_int")) return Tensor::scalar<int64_t>(attributes.integer("value_int", 0));
  if (attributes.has("value_float")) return Tensor::scalar<float>(attributes.real("value_float", 0));
  if (attributes.has("value_string")) return Tensor::scalar<std::string>(attributes.string("value_string", ""));
  if (attributes.has("value_ints")) return row(attributes.integers("value_ints"));
  if (attributes.has("value_floats")) return row(attributes.reals("value_floats"));
  if (attributes.has("value_strings")) return row(attributes.strings("value_strings"));
  return fail(ErrorCode::invalid_model, "holds no value");
}

}  // namespace nacre
