// ONNX files and bytes to graphs in canonical form. Weights stay where they are mapped.
#pragma once

#include <filesystem>
#include <memory>
#include <span>

#include "graph/graph.h"

namespace nacre {

/// Reads an .onnx file; external data is opened beneath its directory.
Result<Graph> import_onnx_file(const std::filesystem::path& path);

/// Imports bytes kept alive by `owner` (null: they are copied). External data is refused.
Result<Graph> import_onnx_bytes(std::span<const std::byte> bytes, std::shared_ptr<const void> owner);

/// The newest ai.onnx opset that is understood.
inline constexpr int64_t kNewestOpset = 27;

}  // namespace nacre
