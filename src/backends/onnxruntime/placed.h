// Which of its providers ONNX Runtime gave the nodes to.
#pragma once

#include <map>

#include "backends/onnxruntime/library.h"

namespace nacre::onnxruntime {

struct PlacedNodes {
  std::map<std::string, int> counts;  // "CUDAExecutionProvider" -> nodes
  std::vector<std::string> on_cpu;    // names, as far as they are told
};

/// From the session itself (1.24 and newer), else from what it logged while it was made.
Result<PlacedNodes> placed_nodes(const Library& library, const Session* session, const std::string& log);

}  // namespace nacre::onnxruntime
