// The structs of io/onnx_proto.h to bytes: the same structs always give the same bytes.
//
//     onnx::ModelProto model = ...;
//     std::vector<std::byte> bytes = NACRE_TRY(onnx::serialise(model));
//     NACRE_TRY(onnx::save_model(std::move(model), "model.onnx", {.external_data = "model.onnx.data"}));
//
#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "io/onnx_proto.h"

namespace nacre::onnx {

/// Fails (resource_exhausted) above protobuf's limit of 2 GiB.
Result<std::vector<std::byte>> serialise(const ModelProto& model);
Result<std::vector<std::byte>> serialise(const TensorProto& tensor);
Result<std::vector<std::byte>> serialise(const SequenceProto& sequence);
Result<std::vector<std::byte>> serialise(const OptionalProto& optional);
Result<std::vector<std::byte>> serialise(const TypeProto& type);

struct SaveOptions {
  /// File beside the model that takes the weights; empty: weights stay in the model while it is below 2 GiB, and go to
  /// `NAME.data` above that.
  std::string external_data;
  /// Smaller tensors stay in the model.
  size_t least_external = 1024;
};

/// Writes the model file, and its weights file first where there is one. Tensors of the main graph's initializers only.
Result<void> save_model(ModelProto model, const std::string& path, const SaveOptions& options = {});

}  // namespace nacre::onnx
