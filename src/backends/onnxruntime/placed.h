// Which of its providers ONNX Runtime gave the nodes to.
#pragma once

#include <map>
#include <unordered_map>

#include "backends/onnxruntime/library.h"
#include "graph/graph.h"

namespace nacre::onnxruntime {

struct PlacedNodes {
  std::map<std::string, int> counts;                       // "CUDAExecutionProvider" -> nodes
  std::vector<std::string> on_cpu;                         // names, as far as they are told
  std::unordered_map<std::string, std::string> providers;  // node -> provider, as far as they are told
  void add(std::string_view node, const std::string& provider);
  /// `providers`; where one took all, a log names none of them.
  std::unordered_map<std::string, std::string> by_node(const Graph& graph) const;
};

/// What a verbose log says of it while a session is made.
PlacedNodes read_placement_log(std::string_view log);

/// From the session itself (1.24 and newer), else from what it logged while it was made.
Result<PlacedNodes> placed_nodes(const Library& library, const Session* session, const std::string& log);

}  // namespace nacre::onnxruntime
