#include "io/onnx_writer.h"

#include "io/wire.h"

namespace nacre::onnx {
namespace {

using wire::Writer;

// As protobuf's own writer, fields go out in the order of their numbers; empty strings and zeros are left out where that
// means the same.

void write(Writer& out, const StringStringEntryProto& m);
void write(Writer& out, const OperatorSetIdProto& m);
void write(Writer& out, const TensorProto& m);
void write(Writer& out, const SparseTensorProto& m);
void write(Writer& out, const Dimension& m);
void write(Writer& out, const TypeProto& m);
void write(Writer& out, const ValueInfoProto& m);
void write(Writer& out, const AttributeProto& m);
void write(Writer& out, const NodeProto& m);
void write(Writer& out, const TensorAnnotation& m);
void write(Writer& out, const GraphProto& m);
void write(Writer& out, const FunctionProto& m);
void write(Writer& out, const TrainingInfoProto& m);
void write(Writer& out, const ModelProto& m);
void write(Writer& out, const SequenceProto& m);
void write(Writer& out, const MapProto& m);
void write(Writer& out, const OptionalProto& m);

template <class T>
void message(Writer& out, uint32_t field, const T& m) {
  out.nested(field, [&] { write(out, m); });
}
template <class T>
void message(Writer& out, uint32_t field, const Box<T>& box) {
  if (box) message(out, field, *box);
}
template <class T>
void message(Writer& out, uint32_t field, const std::vector<T>& list) {
  for (const T& m : list) message(out, field, m);
}
void text(Writer& out, uint32_t field, std::string_view value) {
  if (!value.empty()) out.put(field, value);
}
void number(Writer& out, uint32_t field, int64_t value) {
  if (value != 0) out.put(field, value);
}
template <class T>
void each(Writer& out, uint32_t field, const std::vector<T>& list) {
  for (const T& value : list) out.put(field, value);
}

void write(Writer& out, const StringStringEntryProto& m) {
  out.put(1, m.key);
  out.put(2, m.value);
}

void write(Writer& out, const OperatorSetIdProto& m) {
  out.put(1, m.domain);
  out.put(2, m.version);
}

void write(Writer& out, const TensorProto& m) {
  each(out, 1, m.dims);  // proto2: unpacked unless the schema says otherwise
  number(out, 2, m.data_type);
  out.packed(4, m.float_data);
  out.packed(5, m.int32_data);
  each(out, 6, m.string_data);
  out.packed(7, m.int64_data);
  text(out, 8, m.name);
  if (m.has_raw_data) out.put(9, m.raw_data);
  out.packed(10, m.double_data);
  out.packed(11, m.uint64_data);
  text(out, 12, m.doc_string);
  message(out, 13, m.external_data);
  number(out, 14, m.data_location);
  message(out, 16, m.metadata_props);
}

void write(Writer& out, const SparseTensorProto& m) {
  message(out, 1, m.values);
  message(out, 2, m.indices);
  each(out, 3, m.dims);
}

void write(Writer& out, const Dimension& m) {
  if (m.kind == Dimension::value_kind) out.put(1, m.dim_value);
  if (m.kind == Dimension::param_kind) out.put(2, m.dim_param);
  text(out, 3, m.denotation);
}

void write_shaped(Writer& out, const TypeProto& m) {
  number(out, 1, m.elem_type);
  if (m.has_shape) out.nested(2, [&] { message(out, 1, m.shape.dim); });
}

void write_opaque(Writer& out, const TypeProto& m) {
  text(out, 1, m.domain);
  text(out, 2, m.name);
}

void write_map(Writer& out, const TypeProto& m) {
  number(out, 1, m.key_type);
  message(out, 2, m.element);
}

void write(Writer& out, const TypeProto& m) {
  switch (m.kind) {
    case TypeProto::none: break;
    case TypeProto::tensor: out.nested(1, [&] { write_shaped(out, m); }); break;
    case TypeProto::sequence: out.nested(4, [&] { message(out, 1, m.element); }); break;
    case TypeProto::map: out.nested(5, [&] { write_map(out, m); }); break;
    case TypeProto::opaque: out.nested(7, [&] { write_opaque(out, m); }); break;
    case TypeProto::sparse_tensor: out.nested(8, [&] { write_shaped(out, m); }); break;
    case TypeProto::optional: out.nested(9, [&] { message(out, 1, m.element); }); break;
  }
  text(out, 6, m.denotation);
}

void write(Writer& out, const ValueInfoProto& m) {
  out.put(1, m.name);
  if (m.type.kind != TypeProto::none) message(out, 2, m.type);
  text(out, 3, m.doc_string);
  message(out, 4, m.metadata_props);
}

void write(Writer& out, const AttributeProto& m) {
  using A = AttributeProto;
  const bool is_value = m.ref_attr_name.empty();
  out.put(1, m.name);
  if (m.type == A::FLOAT && is_value) out.put(2, m.f);
  if (m.type == A::INT && is_value) out.put(3, m.i);
  if (m.type == A::STRING && is_value) out.put(4, m.s);
  message(out, 5, m.t);
  message(out, 6, m.g);
  each(out, 7, m.floats);
  each(out, 8, m.ints);
  each(out, 9, m.strings);
  message(out, 10, m.tensors);
  message(out, 11, m.graphs);
  text(out, 13, m.doc_string);
  message(out, 14, m.tp);
  message(out, 15, m.type_protos);
  number(out, 20, m.type);
  text(out, 21, m.ref_attr_name);
  message(out, 22, m.sparse_tensor);
  message(out, 23, m.sparse_tensors);
}

void write(Writer& out, const NodeProto& m) {
  each(out, 1, m.input);
  each(out, 2, m.output);
  text(out, 3, m.name);
  text(out, 4, m.op_type);
  message(out, 5, m.attribute);
  text(out, 6, m.doc_string);
  text(out, 7, m.domain);
  text(out, 8, m.overload);
  message(out, 9, m.metadata_props);
  each(out, 10, m.device_configurations);
}

void write(Writer& out, const TensorAnnotation& m) {
  text(out, 1, m.tensor_name);
  message(out, 2, m.quant_parameter_tensor_names);
}

void write(Writer& out, const GraphProto& m) {
  message(out, 1, m.node);
  text(out, 2, m.name);
  message(out, 5, m.initializer);
  text(out, 10, m.doc_string);
  message(out, 11, m.input);
  message(out, 12, m.output);
  message(out, 13, m.value_info);
  message(out, 14, m.quantization_annotation);
  message(out, 15, m.sparse_initializer);
  message(out, 16, m.metadata_props);
}

void write(Writer& out, const FunctionProto& m) {
  text(out, 1, m.name);
  each(out, 4, m.input);
  each(out, 5, m.output);
  each(out, 6, m.attribute);
  message(out, 7, m.node);
  text(out, 8, m.doc_string);
  message(out, 9, m.opset_import);
  text(out, 10, m.domain);
  message(out, 11, m.attribute_proto);
  message(out, 12, m.value_info);
  text(out, 13, m.overload);
  message(out, 14, m.metadata_props);
}

void write(Writer& out, const TrainingInfoProto& m) {
  message(out, 1, m.initialization);
  message(out, 2, m.algorithm);
  message(out, 3, m.initialization_binding);
  message(out, 4, m.update_binding);
}

void write(Writer& out, const ModelProto& m) {
  number(out, 1, m.ir_version);
  text(out, 2, m.producer_name);
  text(out, 3, m.producer_version);
  text(out, 4, m.domain);
  number(out, 5, m.model_version);
  text(out, 6, m.doc_string);
  if (m.has_graph) message(out, 7, m.graph);
  message(out, 8, m.opset_import);
  message(out, 14, m.metadata_props);
  message(out, 20, m.training_info);
  message(out, 25, m.functions);
  each(out, 26, m.configuration);
}

void write(Writer& out, const SequenceProto& m) {
  text(out, 1, m.name);
  number(out, 2, m.elem_type);
  message(out, 3, m.tensor_values);
  message(out, 4, m.sparse_tensor_values);
  message(out, 5, m.sequence_values);
  message(out, 6, m.map_values);
  message(out, 7, m.optional_values);
}

void write(Writer& out, const MapProto& m) {
  text(out, 1, m.name);
  number(out, 2, m.key_type);
  each(out, 3, m.keys);
  each(out, 4, m.string_keys);
  message(out, 5, m.values);
}

void write(Writer& out, const OptionalProto& m) {
  text(out, 1, m.name);
  number(out, 2, m.elem_type);
  message(out, 3, m.tensor_value);
  message(out, 4, m.sparse_tensor_value);
  message(out, 5, m.sequence_value);
  message(out, 6, m.map_value);
  message(out, 7, m.optional_value);
}

constexpr size_t kMostBytes = INT32_MAX;  // protobuf's readers refuse more

template <class T>
Result<std::vector<std::byte>> to_bytes(const T& m) {
  const size_t size = Writer::measure([&](Writer& out) { write(out, m); });
  if (size > kMostBytes) return fail(ErrorCode::resource_exhausted, "the message takes ", size, " bytes, protobuf's limit is ", kMostBytes);
  return Writer::serialise([&](Writer& out) { write(out, m); });
}

}  // namespace

Result<std::vector<std::byte>> serialise(const ModelProto& model) { return to_bytes(model); }
Result<std::vector<std::byte>> serialise(const TensorProto& tensor) { return to_bytes(tensor); }
Result<std::vector<std::byte>> serialise(const SequenceProto& sequence) { return to_bytes(sequence); }
Result<std::vector<std::byte>> serialise(const OptionalProto& optional) { return to_bytes(optional); }
Result<std::vector<std::byte>> serialise(const TypeProto& type) { return to_bytes(type); }

}  // namespace nacre::onnx
