// What ONNX Runtime's own profile says of the nodes: which provider ran each, and how long it took.
#pragma once

#include <string_view>
#include <vector>

#include "core/result.h"

namespace nacre::onnxruntime {

struct NodeTime {
  std::string name, op, provider;      // "/encoder/MatMul", "MatMul", "CPUExecutionProvider"; names are those after its fusions
  double begin = 0, milliseconds = 0;  // since the run began
  int64_t bytes = 0;                   // of its outputs
};

/// The nodes of the last run in the profile's text, in the order of execution, without those inside of others.
Result<std::vector<NodeTime>> read_node_times(std::string_view json);

}  // namespace nacre::onnxruntime
