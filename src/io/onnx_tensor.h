// Tensors between files and memory: TensorProto and its kin to Tensor and Value, and back.
//
//     MappedFile file = NACRE_TRY(map_file("model.onnx"));
//     onnx::ModelProto model = NACRE_TRY(onnx::parse_model(file.bytes()));
//     onnx::ExternalDir weights("/models/bert");                              // where external data may lie
//     Tensor w = NACRE_TRY(onnx::to_tensor(model.graph.initializer[0], file.owner(), &weights));
//
// raw_data and external data of 64 KiB and more are viewed where they lie, everything else lies in memory of the tensor's own.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "core/os/file.h"
#include "core/result.h"
#include "io/onnx_proto.h"

namespace nacre::onnx {

/// The directory beneath which external data is opened; each file is mapped once. Not for several threads at once.
class ExternalDir {
 public:
  explicit ExternalDir(std::string directory) : directory_(std::move(directory)) {}

  /// The whole file of that name, relative to the directory; refuses what map_beneath refuses.
  Result<MappedFile> open(std::string_view location);

 private:
  std::string directory_;
  std::map<std::string, MappedFile, std::less<>> files_;
};

/// The tensor that `proto` describes, viewing its bytes (kept alive by `owner`; null: the caller promises to).
/// External data needs `external`; null refuses it (a model from memory has no directory).
Result<Tensor> to_tensor(const TensorProto& proto, std::shared_ptr<const void> owner = nullptr, ExternalDir* external = nullptr);
/// Dense: zeros but for the given values. Indices are checked. The dense size is limited to `max_bytes`.
Result<Tensor> to_tensor(const SparseTensorProto& proto, ExternalDir* external = nullptr, int64_t max_bytes = int64_t{1} << 32);
Result<Value> to_value(const SequenceProto& proto, std::shared_ptr<const void> owner = nullptr);
Result<Value> to_value(const OptionalProto& proto, std::shared_ptr<const void> owner = nullptr);
Result<Value> to_value(const MapProto& proto, std::shared_ptr<const void> owner = nullptr);

/// Views the tensor's elements (raw_data, or string_data) and `name`: both must outlive the proto.
TensorProto from_tensor(const Tensor& tensor, std::string_view name = {});
SequenceProto sequence_from_value(const Value& sequence, std::string_view name = {});
OptionalProto optional_from_value(const Value& optional, std::string_view name = {});
MapProto map_from_value(const Value& map, std::string_view name = {});

}  // namespace nacre::onnx
