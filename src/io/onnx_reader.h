// Bytes to the structs of io/onnx_proto.h, without copying strings or weights.
//
//     MappedFile file = NACRE_TRY(map_file("model.onnx"));
//     onnx::ModelProto model = NACRE_TRY(onnx::parse_model(file.bytes()));   // views `file`
//
// Any bytes give a result or an error (invalid_model) that names the message, the field and the byte offset.
#pragma once

#include "core/result.h"
#include "io/onnx_proto.h"

namespace nacre::onnx {

Result<ModelProto> parse_model(Bytes bytes);
Result<GraphProto> parse_graph(Bytes bytes);
Result<NodeProto> parse_node(Bytes bytes);
Result<FunctionProto> parse_function(Bytes bytes);
Result<TensorProto> parse_tensor(Bytes bytes);
Result<SparseTensorProto> parse_sparse_tensor(Bytes bytes);
Result<TypeProto> parse_type(Bytes bytes);
Result<SequenceProto> parse_sequence(Bytes bytes);
Result<OptionalProto> parse_optional(Bytes bytes);

}  // namespace nacre::onnx
