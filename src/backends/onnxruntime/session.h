// A graph or a whole model as a session of ONNX Runtime.
#pragma once

#include "backends/onnxruntime/settings.h"

namespace nacre::onnxruntime {

Result<std::unique_ptr<Executable>> compile(const Graph& graph, const CompileOptions& options);

}  // namespace nacre::onnxruntime
