// Products by a fixed matrix take their neighbours along: MatMul or Gemm, then a bias row, then a residual and an
// activation in either order, become one nacre.Linear.
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
  struct Group {
    Edge x = kAbsent, w = kAbsent, bias = kAbsent, residual = kAbsent;
    bool transposed = false, after = false;
    FusedActivation activation;
    Node* last = nullptr;
  };

  bool fuse(Node& node) {
    if (!node.op->domain.empty() || (node.op->name != "MatMul" && node.op->name != "Gemm")) return false;
    Group group;
    if (!seed(node, group)) return false;
    extend(group);
    const bool bare = node.op->name == "MatMul" && group.last == &node && !group.transposed && match_.is_float32(group.w);
    if (bare) return false;  // nothing gained, and MatMul says it better
    emit(group);
    return true;
  }

  static bool swaps_axes(const Node& transpose) {
    const std::vector<int64_t> perm = transpose.attributes.integers("perm");
    return perm.empty() || perm == std::vector<int64_t>{1, 0};
  }

  static bool can_pack(DType dtype) { return dtype == DType::float32 || dtype == DType::float16 || dtype == DType::bfloat16; }

  bool seed(Node& node, Group& group) const {
    group.x = node.inputs[0], group.w = node.inputs[1], group.last = &node;
    if (const Node* turned = match_.maker(group.w, "Transpose");
        turned && node.op->name == "MatMul" && graph_.constant(turned->inputs[0]) && swaps_axes(*turned))
      group.w = turned->inputs[0], group.transposed = true;
    // Halves that widen_halves casts: packing reads them as they are.
    if (const Node* widened = match_.maker(group.w, "Cast"); widened && match_.is_float32(group.w)) group.w = widened->inputs[0];
    const Tensor* w = graph_.constant(group.w);
    const auto& shape = graph_.fact(group.x).shape;
    if (!w || w->rank() != 2 || !can_pack(w->dtype()) || !match_.is_float32(group.x) || !shape || shape->size() < 2) return false;
    if (node.op->name == "MatMul") return true;
    const Attributes& a = node.attributes;
    if (a.integer("transA", 0) || a.real("alpha", 1) != 1) return false;
    group.transposed = a.integer("transB", 0);
    if (!node.has_input(2)) return true;
    group.bias = node.inputs[2];
    return a.real("beta", 1) == 1 && match_.is_row(group.bias, node.outputs[0]);
  }

  /// Adds users of the group's result for as long as they fit, at most a bias, a residual and an activation.
  void extend(Group& group) {
    while (true) {
      const Edge result = group.last->outputs[0];
      const Node* user = match_.user(result);
      if (!user || !user->op->domain.empty()) return;
      Node& next = graph_.nodes[size_t(user - graph_.nodes.data())];
      if (next.op->name == "Add" ? !take_add(group, next, result) : !take_activation(group, next)) return;
      group.last = &next;
    }
  }

  bool take_add(Group& group, const Node& add, Edge result) const {
    const std::optional<Edge> other = Match::beside(add, result);
    if (!other || add.inputs[0] == add.inputs[1]) return false;
    const bool plain = group.residual == kAbsent && group.activation.name.empty();
    if (plain && group.bias == kAbsent && match_.is_row(*other, result)) return group.bias = *other, true;
    if (group.residual != kAbsent || graph_.constant(*other) || !same_shape(*other, result)) return false;
    group.residual = *other;
    group.after = !group.activation.name.empty();
    return true;
  }

  bool take_activation(Group& group, const Node& node) const {
    if (!group.activation.name.empty() || group.after || node.inputs[0] != group.last->outputs[0]) return false;
    std::optional<FusedActivation> activation = fused_activation(NodeView{graph_, node});
    if (!activation || activation->scale != 1) return false;  // its kernels do not scale
    group.activation = std::move(*activation);
    return true;
  }

  bool same_shape(Edge a, Edge b) const {
    const auto &x = graph_.fact(a).shape, &y = graph_.fact(b).shape;
    return x && y && *x == *y;
  }

  // The residual may be made after the product: the group runs where its last node stood.
  void emit(const Group& group) {
    Attributes attributes;
    if (group.transposed) attributes.set("transposed", int64_t{1});
    if (group.after) attributes.set("residual_after", int64_t{1});
    if (!group.activation.name.empty()) set_activation(attributes, group.activation);
    std::vector<Edge> inputs{group.x, group.w, group.bias, group.residual};
    while (inputs.back() == kAbsent) inputs.pop_back();
    become(*group.last, "Linear", std::move(inputs), std::move(attributes), "nacre");
  }

  Graph& graph_;
  Match match_;
};

Result<bool> run(Graph& graph, const PassOptions&) { return Fuser(graph).run(); }

}  // namespace

extern const Pass pass_fuse_linear;
const Pass pass_fuse_linear{.name = "fuse_linear", .level = PassLevel::fusion, .order = 50, .run = run};

}  // namespace nacre
