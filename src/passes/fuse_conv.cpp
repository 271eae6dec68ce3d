// Convolutions take a following residual sum and activation along, in either order: nacre.Conv.
#include "ops/nacre/activation.h"
#include "passes/match.h"
#include "passes/pass.h"

namespace nacre {
namespace {

class Fuser {
 public:
  explicit Fuser(Graph& graph) : graph_(graph), match_(graph) {}

  bool run() {
    bool changed = false;
    for (Node& node : graph_.nodes) changed = fuse(node) || changed;
    return changed;
  }

 private:
  bool fuse(Node& node) {
    if (node.op->name != "Conv" || !node.op->domain.empty() || !match_.is_float32(node.inputs[0])) return false;
    Node* last = &node;
    Edge residual = kAbsent;
    FusedActivation activation;
    bool after = false;
    while (const Node* user = match_.user(last->outputs[0])) {
      Node& next = graph_.nodes[size_t(user - graph_.nodes.data())];
      const Edge result = last->outputs[0];
      if (!next.op->domain.empty()) break;
      if (const auto other = next.op->name == "Add" ? Match::beside(next, result) : std::nullopt;
          other && residual == kAbsent && is_residual(*other, result)) {
        residual = *other, after = !activation.name.empty();
      } else if (std::optional<FusedActivation> found = fused_activation(NodeView{graph_, next});
                 found && activation.name.empty() && !after && next.inputs[0] == result) {
        activation = std::move(*found);
      } else if (!after && take_affine(next, activation)) {
      } else {
        break;
      }
      last = &next;
    }
    if (last == &node) return false;
    Attributes attributes = node.attributes;
    if (after) attributes.set("residual_after", int64_t{1});
    if (!activation.name.empty()) set_activation(attributes, activation);
    std::vector<Edge> inputs{node.inputs[0], node.inputs[1], node.has_input(2) ? node.inputs[2] : kAbsent, residual};
    while (inputs.back() == kAbsent) inputs.pop_back();
    become(*last, "Conv", std::move(inputs), std::move(attributes), "nacre");
    return true;
  }

  /// A scalar that multiplies an activation's result, or is added to it.
  bool take_affine(const Node& next, FusedActivation& activation) const {
    if (activation.name.empty() || (next.op->name != "Mul" && next.op->name != "Add") || next.formal_inputs() != 2) return false;
    const size_t constant = graph_.constant(next.inputs[0]) ? 0 : 1;
    const std::optional<double> value = match_.scalar(next.inputs[constant]);
    if (!value || !match_.same_shape(next.inputs[1 - constant], next.outputs[0])) return false;
    if (next.op->name == "Add")
      activation.shift += float(*value);
    else
      activation.scale *= float(*value), activation.shift *= float(*value);
    return true;
  }

  bool is_residual(Edge edge, Edge result) const { return edge != result && !graph_.constant(edge) && match_.same_shape(edge, result); }

  Graph& graph_;
  Match match_;
};

Result<bool> run(Graph& graph, const PassOptions&) { return Fuser(graph).run(); }

}  // namespace

extern const Pass pass_fuse_conv;
const Pass pass_fuse_conv{.name = "fuse_conv", .level = PassLevel::fusion, .order = 60, .run = run};

}  // namespace nacre
