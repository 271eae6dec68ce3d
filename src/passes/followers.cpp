#include "passes/followers.h"

namespace nacre {
namespace {

bool take_add(const Match& match, const Node& add, Edge result, Followers& found) {
  const std::optional<Edge> other = Match::beside(add, result);
  if (!other || add.inputs[0] == add.inputs[1]) return false;
  const bool plain = found.residual == kAbsent && found.activation.name.empty();
  if (plain && found.bias == kAbsent && match.is_row(*other, result)) return found.bias = *other, true;
  if (found.residual != kAbsent || match.graph().constant(*other) || !match.same_shape(*other, result)) return false;
  found.residual = *other;
  found.after = !found.activation.name.empty();
  return true;
}

bool take_activation(const Match& match, const Node& node, Edge result, Followers& found) {
  if (!found.activation.name.empty() || found.after || node.inputs[0] != result) return false;
  std::optional<FusedActivation> activation = fused_activation(NodeView{match.graph(), node});
  if (!activation) return false;
  found.activation = std::move(*activation);
  return true;
}

}  // namespace

void take_followers(Graph& graph, const Match& match, Followers& found) {
  while (true) {
    const Edge result = found.last->outputs[0];
    const Node* user = match.user(result);
    if (!user || !user->op->domain.empty()) return;
    Node& next = graph.nodes[size_t(user - graph.nodes.data())];
    if (next.op->name == "Add" ? !take_add(match, next, result, found) : !take_activation(match, next, result, found)) return;
    found.last = &next;
  }
}

Attributes attributes_of(const Followers& found) {
  Attributes out;
  if (found.after) out.set("residual_after", int64_t{1});
  if (!found.activation.name.empty()) set_activation(out, found.activation);
  return out;
}

}  // namespace nacre
