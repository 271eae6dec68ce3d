#include "runtime/variant.h"

#include <algorithm>

namespace nacre {
namespace {

const Value* find(const Inputs& given, std::string_view name) {
  for (const auto& [key, value] : given)
    if (key == name) return &value;
  return nullptr;
}

// Dims of one name in the order of the ports.
std::vector<std::vector<TiedDim>> find_tied(const std::vector<Port>& ports) {
  std::unordered_map<std::string_view, std::vector<TiedDim>> by_name;
  for (size_t i = 0; i < ports.size(); ++i)
    for (size_t d = 0; d < ports[i].dims.size(); ++d)
      if (ports[i].sizes[d] < 0) by_name[ports[i].dims[d]].push_back({i, d});
  std::vector<std::vector<TiedDim>> out;
  for (auto& [name, dims] : by_name)
    if (dims.size() > 1) out.push_back(std::move(dims));
  return out;
}

bool is_untied(const Session::State& state, const Inputs& given) {
  for (const std::vector<TiedDim>& dims : state.tied) {
    int64_t size = -1;
    for (const TiedDim& dim : dims) {
      const Value* value = find(given, state.inputs[dim.input].name);
      if (!value || !value->is_tensor()) continue;
      if (value->tensor().shape().size() != state.inputs[dim.input].dims.size()) return false;  // refused with a better message
      const int64_t own = value->tensor().shape()[dim.axis];
      if (size >= 0 && own != size) return true;
      size = own;
    }
  }
  return false;
}

void untie(Graph& graph) {
  for (Edge edge : graph.inputs)
    if (auto& shape = graph[edge].fact.shape)
      for (SymDim& dim : *shape)
        if (!dim.is_constant()) dim = graph.fresh_symbol();
}

// The default becomes an input of its dtype and rank.
void open_default(Graph& graph, std::string_view name) {
  for (size_t i = 0; i < graph.edge_count(); ++i) {
    EdgeInfo& info = graph[Edge(int32_t(i))];
    if (info.name != name || !info.constant) continue;
    SymShape shape(size_t(info.constant->rank()));
    for (SymDim& dim : shape) dim = graph.fresh_symbol();
    info.fact = Fact::tensor(info.constant->dtype(), std::move(shape));
    info.constant = nullptr;
    graph.inputs.push_back(Edge(int32_t(i)));
    return;
  }
}

}  // namespace

void keep_for_variants(Session::State& state, const Graph& graph) {
  state.tied = find_tied(state.inputs);
  if (!state.tied.empty() || !graph.defaults.empty()) state.source = std::make_unique<const Graph>(graph);
}

Result<std::shared_ptr<const Session::State>> variant_for(const Session::State& state, const Inputs& given) {
  if (!state.source) return nullptr;
  const bool untied = is_untied(state, given);
  std::string key = untied ? "untied" : "";
  std::vector<std::string_view> overridden;
  for (const std::string& name : state.source->defaults)
    if (find(given, name)) key += "\n" + name, overridden.push_back(name);
  if (key.empty()) return nullptr;
  std::lock_guard lock(state.variants_mutex);
  std::shared_ptr<const Session::State>& variant = state.variants[key];
  if (variant) return variant;
  Graph graph = *state.source;
  graph.defaults.clear();
  for (std::string_view name : overridden) open_default(graph, name);
  if (untied) untie(graph);
  return variant = NACRE_TRY(make_session(std::move(graph), state.options, state.model));
}

}  // namespace nacre
