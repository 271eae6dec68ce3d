// The messages of onnx.proto (onnx 1.22, IR version 13) as plain structs. Field names and numbers are the schema's.
// https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3
//
//     onnx::ModelProto model = NACRE_TRY(onnx::parse_model(file.bytes()));     // io/onnx_reader.h
//     for (const onnx::NodeProto& node : model.graph.node)
//       for (const onnx::AttributeProto& attribute : node.attribute)
//         if (attribute.name == "axis") axis = attribute.i;
//
// Strings and byte strings view the parsed bytes, which the caller keeps alive. Nothing here is checked beyond the wire
// format: names may be empty, counts may lie, enums may hold any number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace nacre::onnx {

using Bytes = std::span<const std::byte>;

/// A message that may be absent; copies copy it. Lets messages contain each other.
template <class T>
class Box {
 public:
  Box() = default;
  Box(T value) : item_(std::make_unique<T>(std::move(value))) {}  // NOLINT: a present message is a box
  Box(const Box& other) : item_(other.item_ ? std::make_unique<T>(*other.item_) : nullptr) {}
  Box(Box&&) noexcept = default;
  Box& operator=(Box other) noexcept { return item_ = std::move(other.item_), *this; }
  explicit operator bool() const noexcept { return item_ != nullptr; }
  const T& operator*() const { return *item_; }
  T& operator*() { return *item_; }
  const T* operator->() const { return item_.get(); }
  T* operator->() { return item_.get(); }
  /// The message, made first if absent.
  T& get() { return item_ ? *item_ : *(item_ = std::make_unique<T>()); }

 private:
  std::unique_ptr<T> item_;
};

struct StringStringEntryProto {
  std::string_view key, value;
};

struct OperatorSetIdProto {
  std::string_view domain;  // "" and "ai.onnx" are the same
  int64_t version = 0;
};

/// Elements are in one of: `raw_data` (present even when empty if `has_raw_data`), the typed list that belongs to
/// `data_type`, or the file that `external_data` names. io/onnx_tensor.h turns all of them into a Tensor.
struct TensorProto {
  enum DataLocation : int32_t { DEFAULT = 0, EXTERNAL = 1 };

  std::vector<int64_t> dims;
  int32_t data_type = 0;  // nacre::DType has the same numbers
  int32_t data_location = DEFAULT;
  bool has_raw_data = false;
  bool has_segment = false;  // never used by any exporter; refused when the tensor is read
  Bytes raw_data;
  std::vector<float> float_data;
  std::vector<int32_t> int32_data;
  std::vector<std::string_view> string_data;
  std::vector<int64_t> int64_data;
  std::vector<double> double_data;
  std::vector<uint64_t> uint64_data;
  std::string_view name, doc_string;
  std::vector<StringStringEntryProto> external_data;  // location, offset, length, checksum
  std::vector<StringStringEntryProto> metadata_props;
};

/// `indices` is int64, [nnz] (linear) or [nnz, rank]; `values` is [nnz] and carries the name.
struct SparseTensorProto {
  TensorProto values, indices;
  std::vector<int64_t> dims;
};

struct Dimension {
  enum Kind : uint8_t { none, value_kind, param_kind };
  Kind kind = none;
  int64_t dim_value = 0;
  std::string_view dim_param, denotation;
};

struct TensorShapeProto {
  std::vector<Dimension> dim;
};

struct TypeProto {
  enum Kind : uint8_t { none, tensor, sequence, map, optional, sparse_tensor, opaque };
  Kind kind = none;
  bool has_shape = false;         // tensor, sparse_tensor: without a shape even the rank is unknown
  int32_t elem_type = 0;          // tensor, sparse_tensor: the DType
  int32_t key_type = 0;           // map
  TensorShapeProto shape;         // tensor, sparse_tensor
  Box<TypeProto> element;         // sequence, optional: elem_type; map: value_type
  std::string_view domain, name;  // opaque
  std::string_view denotation;
};

struct ValueInfoProto {
  std::string_view name, doc_string;
  TypeProto type;  // kind none when the file gives no type
  std::vector<StringStringEntryProto> metadata_props;
};

struct GraphProto;

struct AttributeProto {
  enum Type : int32_t {
    UNDEFINED = 0,
    FLOAT = 1,
    INT = 2,
    STRING = 3,
    TENSOR = 4,
    GRAPH = 5,
    FLOATS = 6,
    INTS = 7,
    STRINGS = 8,
    TENSORS = 9,
    GRAPHS = 10,
    SPARSE_TENSOR = 11,
    SPARSE_TENSORS = 12,
    TYPE_PROTO = 13,
    TYPE_PROTOS = 14,
  };

  std::string_view name;
  std::string_view ref_attr_name;  // inside a function: the value is the call's attribute of this name
  std::string_view doc_string;
  int32_t type = UNDEFINED;  // files before IR version 2 leave it out; the reader then sets it from the field present
  float f = 0;
  int64_t i = 0;
  std::string_view s;
  std::vector<float> floats;
  std::vector<int64_t> ints;
  std::vector<std::string_view> strings;
  Box<TensorProto> t;
  Box<GraphProto> g;
  Box<SparseTensorProto> sparse_tensor;
  Box<TypeProto> tp;
  std::vector<TensorProto> tensors;
  std::vector<GraphProto> graphs;
  std::vector<SparseTensorProto> sparse_tensors;
  std::vector<TypeProto> type_protos;
};

struct NodeProto {
  std::vector<std::string_view> input, output;  // "" is an optional one left out
  std::string_view name, op_type, domain, overload, doc_string;
  std::vector<AttributeProto> attribute;
  std::vector<StringStringEntryProto> metadata_props;
  std::vector<Bytes> device_configurations;  // unparsed messages, kept for the writer
};

struct TensorAnnotation {
  std::string_view tensor_name;
  std::vector<StringStringEntryProto> quant_parameter_tensor_names;
};

struct GraphProto {
  std::vector<NodeProto> node;
  std::string_view name, doc_string;
  std::vector<TensorProto> initializer;
  std::vector<SparseTensorProto> sparse_initializer;
  std::vector<ValueInfoProto> input, output, value_info;
  std::vector<TensorAnnotation> quantization_annotation;
  std::vector<StringStringEntryProto> metadata_props;
};

struct FunctionProto {
  std::string_view name, domain, overload, doc_string;
  std::vector<std::string_view> input, output;
  std::vector<std::string_view> attribute;      // names of attributes without a default
  std::vector<AttributeProto> attribute_proto;  // those with one
  std::vector<NodeProto> node;
  std::vector<OperatorSetIdProto> opset_import;
  std::vector<ValueInfoProto> value_info;
  std::vector<StringStringEntryProto> metadata_props;
};

struct TrainingInfoProto {
  Box<GraphProto> initialization, algorithm;
  std::vector<StringStringEntryProto> initialization_binding, update_binding;
};

struct ModelProto {
  int64_t ir_version = 0, model_version = 0;
  std::vector<OperatorSetIdProto> opset_import;
  std::string_view producer_name, producer_version, domain, doc_string;
  bool has_graph = false;
  GraphProto graph;
  std::vector<StringStringEntryProto> metadata_props;
  std::vector<TrainingInfoProto> training_info;
  std::vector<FunctionProto> functions;
  std::vector<Bytes> configuration;  // unparsed DeviceConfigurationProto messages, kept for the writer
};

// onnx-data.proto: what the files input_0.pb, output_0.pb of the test data hold.

/// SequenceProto's and OptionalProto's elem_type.
enum DataKind : int32_t {
  UNDEFINED_DATA = 0,
  TENSOR_DATA = 1,
  SPARSE_TENSOR_DATA = 2,
  SEQUENCE_DATA = 3,
  MAP_DATA = 4,
  OPTIONAL_DATA = 5,
};

struct MapProto;
struct OptionalProto;

struct SequenceProto {
  std::string_view name;
  int32_t elem_type = UNDEFINED_DATA;
  std::vector<TensorProto> tensor_values;
  std::vector<SparseTensorProto> sparse_tensor_values;
  std::vector<SequenceProto> sequence_values;
  std::vector<MapProto> map_values;
  std::vector<OptionalProto> optional_values;
};

struct MapProto {
  std::string_view name;
  int32_t key_type = 0;
  std::vector<int64_t> keys;
  std::vector<std::string_view> string_keys;
  SequenceProto values;
};

struct OptionalProto {
  std::string_view name;
  int32_t elem_type = UNDEFINED_DATA;
  Box<TensorProto> tensor_value;
  Box<SparseTensorProto> sparse_tensor_value;
  Box<SequenceProto> sequence_value;
  Box<MapProto> map_value;
  Box<OptionalProto> optional_value;
};

}  // namespace nacre::onnx
