#include "backends/onnxruntime/placed.h"

#include <algorithm>
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
    for (size_t n = 0; n < count; ++n) {
      const char* name = nullptr;
      NACRE_TRY(api.call(kAssignedNodeGetName, nodes[n], &name));
      out.add(name ? name : "", provider);
    }
  }
  return out;
}

/// The names of the lines "  MatMul (/layer/MatMul)" that follow.
void read_names(std::string_view lines, const std::string& provider, PlacedNodes& out) {
  while (!lines.empty()) {
    const size_t end = std::min(lines.find('\n'), lines.size()), open = lines.find(" (");
    const std::string_view line = lines.substr(0, end);
    if (!line.starts_with("  ") || open >= end || !line.ends_with(')')) return;
    out.add(line.substr(open + 2, end - open - 3), provider);
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
}

}  // namespace

// "Node(s) placed on [CUDAExecutionProvider]. Number of nodes: 12", "All nodes placed on [...]. Number of nodes: 3"
PlacedNodes read_placement_log(std::string_view log) {
  constexpr std::string_view kPlaced = "placed on [", kNumber = "Number of nodes: ";
  PlacedNodes out;
  for (size_t at = log.find(kPlaced); at != std::string_view::npos; at = log.find(kPlaced, at + 1)) {
    const size_t name = at + kPlaced.size(), end = log.find(']', name), line = log.find('\n', at), number = log.find(kNumber, at);
    if (end == std::string_view::npos || number == std::string_view::npos || number > line) continue;
    int count = 0;
    std::from_chars(log.data() + number + kNumber.size(), log.data() + log.size(), count);
    const std::string provider(log.substr(name, end - name));
    out.counts[provider] += count;
    if (line != std::string_view::npos) read_names(log.substr(line + 1), provider, out);
  }
  return out;
}

void PlacedNodes::add(std::string_view node, const std::string& provider) {
  if (provider == kCpu) on_cpu.emplace_back(node);
  if (!node.empty()) providers.emplace(node, provider);
}

std::unordered_map<std::string, std::string> PlacedNodes::by_node(const Graph& graph) const {
  auto out = providers;
  if (out.empty() && counts.size() == 1)
    for (const Node& node : graph.nodes) out.emplace(node.name, counts.begin()->first);
  return out;
}

Result<PlacedNodes> placed_nodes(const Library& library, const Session* session, const std::string& log) {
  if (library.api.has(kSessionGetAssignments)) return ask(library, session);
  return read_placement_log(log);
}

}  // namespace nacre::onnxruntime
