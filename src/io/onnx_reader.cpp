#include "io/onnx_reader.h"

#include "io/wire.h"

namespace nacre::onnx {
namespace {

using wire::Reader;

void read(Reader& in, StringStringEntryProto& out);
void read(Reader& in, OperatorSetIdProto& out);
void read(Reader& in, TensorProto& out);
void read(Reader& in, SparseTensorProto& out);
void read(Reader& in, Dimension& out);
void read(Reader& in, TensorShapeProto& out);
void read(Reader& in, TypeProto& out);
void read(Reader& in, ValueInfoProto& out);
void read(Reader& in, AttributeProto& out);
void read(Reader& in, NodeProto& out);
void read(Reader& in, TensorAnnotation& out);
void read(Reader& in, GraphProto& out);
void read(Reader& in, FunctionProto& out);
void read(Reader& in, TrainingInfoProto& out);
void read(Reader& in, ModelProto& out);
void read(Reader& in, SequenceProto& out);
void read(Reader& in, MapProto& out);
void read(Reader& in, OptionalProto& out);

template <class T>
constexpr const char* kName = "message";
template <>
constexpr const char* kName<TensorProto> = "TensorProto";
template <>
constexpr const char* kName<SparseTensorProto> = "SparseTensorProto";
template <>
constexpr const char* kName<TensorShapeProto> = "TensorShapeProto";
template <>
constexpr const char* kName<Dimension> = "TensorShapeProto.Dimension";
template <>
constexpr const char* kName<TypeProto> = "TypeProto";
template <>
constexpr const char* kName<ValueInfoProto> = "ValueInfoProto";
template <>
constexpr const char* kName<AttributeProto> = "AttributeProto";
template <>
constexpr const char* kName<NodeProto> = "NodeProto";
template <>
constexpr const char* kName<TensorAnnotation> = "TensorAnnotation";
template <>
constexpr const char* kName<GraphProto> = "GraphProto";
template <>
constexpr const char* kName<FunctionProto> = "FunctionProto";
template <>
constexpr const char* kName<TrainingInfoProto> = "TrainingInfoProto";
template <>
constexpr const char* kName<ModelProto> = "ModelProto";
template <>
constexpr const char* kName<StringStringEntryProto> = "StringStringEntryProto";
template <>
constexpr const char* kName<OperatorSetIdProto> = "OperatorSetIdProto";
template <>
constexpr const char* kName<SequenceProto> = "SequenceProto";
template <>
constexpr const char* kName<MapProto> = "MapProto";
template <>
constexpr const char* kName<OptionalProto> = "OptionalProto";

// Only the messages above: string and number lists must not come here.
template <class T>
void message(Reader& in, T& out) {
  in.nested(kName<T>, [&] { read(in, out); });
}
template <class T>
void message(Reader& in, std::vector<T>& out) {
  message(in, out.emplace_back());
}
template <class T>
void message(Reader& in, Box<T>& out) {
  message(in, out.get());
}

void read(Reader& in, StringStringEntryProto& out) {
  while (in.next()) switch (in.field()) {
      case 1: in.read(out.key); break;
      case 2: in.read(out.value); break;
      default: in.skip();
    }
}

void read(Reader& in, OperatorSetIdProto& out) {
  while (in.next()) switch (in.field()) {
      case 1: in.read(out.domain); break;
      case 2: in.read(out.version); break;
      default: in.skip();
    }
}

void read(Reader& in, TensorProto& out) {
  while (in.next()) switch (in.field()) {
      case 1: in.add(out.dims); break;
      case 2: in.read(out.data_type); break;
      case 3: out.has_segment = true, in.skip(); break;
      case 4: in.add(out.float_data); break;
      case 5: in.add(out.int32_data); break;
      case 6: in.add(out.string_data); break;
      case 7: in.add(out.int64_data); break;
      case 8: in.read(out.name); break;
      case 9: out.has_raw_data = true, in.read(out.raw_data); break;
      case 10: in.add(out.double_data); break;
      case 11: in.add(out.uint64_data); break;
      case 12: in.read(out.doc_string); break;
      case 13: message(in, out.external_data); break;
      case 14: in.read(out.data_location); break;
      case 16: message(in, out.metadata_props); break;
      default: in.skip();
    }
}

void read(Reader& in, SparseTensorProto& out) {
  while (in.next()) switch (in.field()) {
      case 1: message(in, out.values); break;
      case 2: message(in, out.indices); break;
      case 3: in.add(out.dims); break;
      default: in.skip();
    }
}

void read(Reader& in, Dimension& out) {
  while (in.next()) switch (in.field()) {
      case 1: out.kind = Dimension::value_kind, in.read(out.dim_value); break;
      case 2: out.kind = Dimension::param_kind, in.read(out.dim_param); break;
      case 3: in.read(out.denotation); break;
      default: in.skip();
    }
}

void read(Reader& in, TensorShapeProto& out) {
  while (in.next()) {
    if (in.field() == 1)
      message(in, out.dim);
    else
      in.skip();
  }
}

// TypeProto's cases are messages of their own in the schema and one struct here.

void read_tensor_type(Reader& in, TypeProto& out) {
  while (in.next()) switch (in.field()) {
      case 1: in.read(out.elem_type); break;
      case 2: out.has_shape = true, message(in, out.shape); break;
      default: in.skip();
    }
}

void read_element_type(Reader& in, TypeProto& out) {
  while (in.next()) {
    if (in.field() == 1)
      message(in, out.element);
    else
      in.skip();
  }
}

void read_map_type(Reader& in, TypeProto& out) {
  while (in.next()) switch (in.field()) {
      case 1: in.read(out.key_type); break;
      case 2: message(in, out.element); break;
      default: in.skip();
    }
}

void read_opaque_type(Reader& in, TypeProto& out) {
  while (in.next()) switch (in.field()) {
      case 1: in.read(out.domain); break;
      case 2: in.read(out.name); break;
      default: in.skip();
    }
}

void read_case(Reader& in, TypeProto& out, TypeProto::Kind kind, void (*body)(Reader&, TypeProto&)) {
  if (out.kind != kind) {  // the last case of a oneof wins
    const std::string_view denotation = out.denotation;
    out = TypeProto();
    out.kind = kind;
    out.denotation = denotation;
  }
  in.nested("TypeProto", [&] { body(in, out); });
}

void read(Reader& in, TypeProto& out) {
  while (in.next()) switch (in.field()) {
      case 1: read_case(in, out, TypeProto::tensor, read_tensor_type); break;
      case 4: read_case(in, out, TypeProto::sequence, read_element_type); break;
      case 5: read_case(in, out, TypeProto::map, read_map_type); break;
      case 6: in.read(out.denotation); break;
      case 7: read_case(in, out, TypeProto::opaque, read_opaque_type); break;
      case 8: read_case(in, out, TypeProto::sparse_tensor, read_tensor_type); break;
      case 9: read_case(in, out, TypeProto::optional, read_element_type); break;
      default: in.skip();
    }
}

void read(Reader& in, ValueInfoProto& out) {
  while (in.next()) switch (in.field()) {
      case 1: in.read(out.name); break;
      case 2: message(in, out.type); break;
      case 3: in.read(out.doc_string); break;
      case 4: message(in, out.metadata_props); break;
      default: in.skip();
    }
}

/// The kind that belongs to the field, for files that do not say.
int32_t type_of_field(uint32_t field) {
  using A = AttributeProto;
  switch (field) {
    case 2: return A::FLOAT;
    case 3: return A::INT;
    case 4: return A::STRING;
    case 5: return A::TENSOR;
    case 6: return A::GRAPH;
    case 7: return A::FLOATS;
    case 8: return A::INTS;
    case 9: return A::STRINGS;
    case 10: return A::TENSORS;
    case 11: return A::GRAPHS;
    case 14: return A::TYPE_PROTO;
    case 15: return A::TYPE_PROTOS;
    case 22: return A::SPARSE_TENSOR;
    case 23: return A::SPARSE_TENSORS;
    default: return A::UNDEFINED;
  }
}

void read(Reader& in, AttributeProto& out) {
  int32_t found = AttributeProto::UNDEFINED;
  while (in.next()) {
    if (found == AttributeProto::UNDEFINED) found = type_of_field(in.field());
    switch (in.field()) {
      case 1: in.read(out.name); break;
      case 2: in.read(out.f); break;
      case 3: in.read(out.i); break;
      case 4: in.read(out.s); break;
      case 5: message(in, out.t); break;
      case 6: message(in, out.g); break;
      case 7: in.add(out.floats); break;
      case 8: in.add(out.ints); break;
      case 9: in.add(out.strings); break;
      case 10: message(in, out.tensors); break;
      case 11: message(in, out.graphs); break;
      case 13: in.read(out.doc_string); break;
      case 14: message(in, out.tp); break;
      case 15: message(in, out.type_protos); break;
      case 20: in.read(out.type); break;
      case 21: in.read(out.ref_attr_name); break;
      case 22: message(in, out.sparse_tensor); break;
      case 23: message(in, out.sparse_tensors); break;
      default: in.skip();
    }
  }
  if (out.type == AttributeProto::UNDEFINED) out.type = found;
}

void read(Reader& in, NodeProto& out) {
  while (in.next()) switch (in.field()) {
      case 1: in.add(out.input); break;
      case 2: in.add(out.output); break;
      case 3: in.read(out.name); break;
      case 4: in.read(out.op_type); break;
      case 5: message(in, out.attribute); break;
      case 6: in.read(out.doc_string); break;
      case 7: in.read(out.domain); break;
      case 8: in.read(out.overload); break;
      case 9: message(in, out.metadata_props); break;
      case 10: in.add(out.device_configurations); break;
      default: in.skip();
    }
}

void read(Reader& in, TensorAnnotation& out) {
  while (in.next()) switch (in.field()) {
      case 1: in.read(out.tensor_name); break;
      case 2: message(in, out.quant_parameter_tensor_names); break;
      default: in.skip();
    }
}

void read(Reader& in, GraphProto& out) {
  while (in.next()) switch (in.field()) {
      case 1: message(in, out.node); break;
      case 2: in.read(out.name); break;
      case 5: message(in, out.initializer); break;
      case 10: in.read(out.doc_string); break;
      case 11: message(in, out.input); break;
      case 12: message(in, out.output); break;
      case 13: message(in, out.value_info); break;
      case 14: message(in, out.quantization_annotation); break;
      case 15: message(in, out.sparse_initializer); break;
      case 16: message(in, out.metadata_props); break;
      default: in.skip();
    }
}

void read(Reader& in, FunctionProto& out) {
  while (in.next()) switch (in.field()) {
      case 1: in.read(out.name); break;
      case 4: in.add(out.input); break;
      case 5: in.add(out.output); break;
      case 6: in.add(out.attribute); break;
      case 7: message(in, out.node); break;
      case 8: in.read(out.doc_string); break;
      case 9: message(in, out.opset_import); break;
      case 10: in.read(out.domain); break;
      case 11: message(in, out.attribute_proto); break;
      case 12: message(in, out.value_info); break;
      case 13: in.read(out.overload); break;
      case 14: message(in, out.metadata_props); break;
      default: in.skip();
    }
}

void read(Reader& in, TrainingInfoProto& out) {
  while (in.next()) switch (in.field()) {
      case 1: message(in, out.initialization); break;
      case 2: message(in, out.algorithm); break;
      case 3: message(in, out.initialization_binding); break;
      case 4: message(in, out.update_binding); break;
      default: in.skip();
    }
}

void read(Reader& in, ModelProto& out) {
  while (in.next()) switch (in.field()) {
      case 1: in.read(out.ir_version); break;
      case 2: in.read(out.producer_name); break;
      case 3: in.read(out.producer_version); break;
      case 4: in.read(out.domain); break;
      case 5: in.read(out.model_version); break;
      case 6: in.read(out.doc_string); break;
      case 7: out.has_graph = true, message(in, out.graph); break;
      case 8: message(in, out.opset_import); break;
      case 14: message(in, out.metadata_props); break;
      case 20: message(in, out.training_info); break;
      case 25: message(in, out.functions); break;
      case 26: in.add(out.configuration); break;
      default: in.skip();
    }
}

void read(Reader& in, SequenceProto& out) {
  while (in.next()) switch (in.field()) {
      case 1: in.read(out.name); break;
      case 2: in.read(out.elem_type); break;
      case 3: message(in, out.tensor_values); break;
      case 4: message(in, out.sparse_tensor_values); break;
      case 5: message(in, out.sequence_values); break;
      case 6: message(in, out.map_values); break;
      case 7: message(in, out.optional_values); break;
      default: in.skip();
    }
}

void read(Reader& in, MapProto& out) {
  while (in.next()) switch (in.field()) {
      case 1: in.read(out.name); break;
      case 2: in.read(out.key_type); break;
      case 3: in.add(out.keys); break;
      case 4: in.add(out.string_keys); break;
      case 5: message(in, out.values); break;
      default: in.skip();
    }
}

void read(Reader& in, OptionalProto& out) {
  while (in.next()) switch (in.field()) {
      case 1: in.read(out.name); break;
      case 2: in.read(out.elem_type); break;
      case 3: message(in, out.tensor_value); break;
      case 4: message(in, out.sparse_tensor_value); break;
      case 5: message(in, out.sequence_value); break;
      case 6: message(in, out.map_value); break;
      case 7: message(in, out.optional_value); break;
      default: in.skip();
    }
}

template <class T>
Result<T> parse(Bytes bytes) {
  Reader in(bytes, kName<T>);
  Result<T> out;
  read(in, *out);
  if (!in.ok()) return std::unexpected(in.error());
  return out;
}

}  // namespace

Result<ModelProto> parse_model(Bytes bytes) { return parse<ModelProto>(bytes); }
Result<GraphProto> parse_graph(Bytes bytes) { return parse<GraphProto>(bytes); }
Result<NodeProto> parse_node(Bytes bytes) { return parse<NodeProto>(bytes); }
Result<FunctionProto> parse_function(Bytes bytes) { return parse<FunctionProto>(bytes); }
Result<TensorProto> parse_tensor(Bytes bytes) { return parse<TensorProto>(bytes); }
Result<SparseTensorProto> parse_sparse_tensor(Bytes bytes) { return parse<SparseTensorProto>(bytes); }
Result<TypeProto> parse_type(Bytes bytes) { return parse<TypeProto>(bytes); }
Result<SequenceProto> parse_sequence(Bytes bytes) { return parse<SequenceProto>(bytes); }
Result<OptionalProto> parse_optional(Bytes bytes) { return parse<OptionalProto>(bytes); }

}  // namespace nacre::onnx
