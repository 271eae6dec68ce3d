#include "backends/onnxruntime/placed.h"

#include <charconv>

namespace nacre::onnxruntime {
namespace {

constexpr std::string_view kCpu = "CPUExecutionProvider";

Result<PlacedNodes> ask(const Library& library, const Session* session) {
  const Api& api = library.api;
  const AssignedSubgraph* const* parts = nullptr;
  size_t part_count = 0;
  NACRE_TRY(api.call(kSessionGetAssignments, session, &parts, &part_count));
  PlacedNodes out;
  for (size_t p = 0; p < part_count; ++p) {
    const char* provider = nullptr;
    const AssignedNode* const* nodes = nullptr;
    size_t count = 0;
    NACRE_TRY(api.call(kAssignedSubgraphGetEpName, parts[p], &provider));
    NACRE_TRY(api.call(kAssignedSubgraphGetNodes, parts[p], &nodes, &count));
    out.counts[provider] += int(count);
    for (size_t n = 0; n < count && provider == kCpu; ++n) {
      const char* name = nullptr;
      NACRE_TRY(api.call(kAssignedNodeGetName, nodes[n], &name));
      out.on_cpu.emplace_back(name ? name : "");
    }
  }
  return out;
}

// "Node(s) placed on [CUDAExecutionProvider]. Number of nodes: 12", "All nodes placed on [...]. Number of nodes: 3"
PlacedNodes read_log(std::string_view log) {
  constexpr std::string_view kPlaced = "placed on [", kNumber = "Number of nodes: ";
  PlacedNodes out;
  for (size_t at = log.find(kPlaced); at != std::string_view::npos; at = log.find(kPlaced, at + 1)) {
    const size_t name = at + kPlaced.size(), end = log.find(']', name), line = log.find('\n', at), number = log.find(kNumber, at);
    if (end == std::string_view::npos || number == std::string_view::npos || number > line) continue;
    int count = 0;
    std::from_chars(log.data() + number + kNumber.size(), log.data() + log.size(), count);
    out.counts[std::string(log.substr(name, end - name))] += count;
  }
  return out;
}

}  // namespace

Result<PlacedNodes> placed_nodes(const Library& library, const Session* session, const std::string& log) {
  if (library.api.has(kSessionGetAssignments)) return ask(library, session);
  return read_log(log);
}

}  // namespace nacre::onnxruntime
