// Graphs back to ONNX files: what was imported and exported imports as the same graph.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace nacre {

/// The opset that ai.onnx operators are written in unless they are newer: the last one that released runtimes read.
inline constexpr int64_t kExportOpset = 26;

/// The graph as an ONNX model in memory. Fails (unsupported) on operators of our own domain, and above protobuf's 2 GiB.
Result<std::vector<std::byte>> export_onnx_bytes(const Graph& graph);

/// The same to a file. Weights go to `external_data` beside it (or NAME.data when the model is above 2 GiB).
Result<void> export_onnx_file(const Graph& graph, const std::filesystem::path& path, const std::string& external_data = {});

}  // namespace nacre
