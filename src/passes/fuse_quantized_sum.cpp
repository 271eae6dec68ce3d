// A convolution on codes whose only use is the sum with a value shaped like it becomes one nacre.QLinearConvAdd with that sum: residual
// networks add a shortcut behind every block. Depthwise convolutions stay by themselves.
#include <cstring>

#include "passes/match.h"
#include "passes/pass.h"

namespace nacre {
namespace {

constexpr size_t kConvInputs = 9;

bool is_dense(const Graph& graph, const Node& conv) {
  const auto& shape = graph.fact(conv.inputs[3]).shape;
  const std::optional<int64_t> channels = shape && shape->size() > 1 ? (*shape)[1].constant() : std::nullopt;
  return conv.attributes.integer("group", 1) == 1 || channels.value_or(1) > 1;
}

/// The same edge, or constants of one equal element.
bool same_number(const Graph& graph, Edge a, Edge b) {
  if (a == b) return true;
  const Tensor *x = graph.constant(a), *y = graph.constant(b);
  if (!x || !y || x->size() != 1 || y->size() != 1 || x->dtype() != y->dtype()) return false;
  return std::memcmp(x->stored(), y->stored(), x->byte_size()) == 0;
}

/// Operand `which` of a QLinearAdd, when it is such a convolution.
const Node* convolution_of(const Match& match, const Node& add, size_t which) {
  const Graph& graph = match.graph();
  const Edge codes = add.inputs[3 * which], other = add.inputs[3 * (1 - which)];
  const Node* conv = match.only(codes, "QLinearConv");
  if (!conv || !is_dense(graph, *conv) || graph.constant(other)) return nullptr;
  const bool same = match.same_shape(codes, add.outputs[0]) && match.same_shape(other, add.outputs[0]);
  // The sum reads the codes as the convolution made them.
  return same && graph.fact(codes).dtype == graph.fact(add.outputs[0]).dtype &&
                 same_number(graph, conv->inputs[6], add.inputs[3 * which + 1]) &&
                 same_number(graph, conv->inputs[7], add.inputs[3 * which + 2])
             ? conv
             : nullptr;
}

bool fuse(const Match& match, Node& add) {
  if (add.op->domain != "nacre" || add.op->name != "QLinearAdd") return false;
  for (size_t which : {0, 1}) {
    const Node* conv = convolution_of(match, add, which);
    if (!conv) continue;
    std::vector<Edge> inputs = conv->inputs;
    inputs.resize(kConvInputs, kAbsent);
    for (size_t i = 0; i < 3; ++i) inputs.push_back(add.inputs[3 * (1 - which) + i]);
    inputs.push_back(add.inputs[6]), inputs.push_back(add.inputs[7]);
    const Attributes attributes = conv->attributes;
    become(add, "QLinearConvAdd", std::move(inputs), attributes, "nacre");
    return true;
  }
  return false;
}

Result<bool> run(Graph& graph, const PassOptions&) {
  const Match match(graph);
  bool changed = false;
  for (Node& node : graph.nodes) changed = fuse(match, node) || changed;
  return changed;
}

}  // namespace

extern const Pass pass_fuse_quantized_sum;
const Pass pass_fuse_quantized_sum{.name = "fuse_quantized_sum", .level = PassLevel::fusion, .order = 6, .run = run};

}  // namespace nacre
