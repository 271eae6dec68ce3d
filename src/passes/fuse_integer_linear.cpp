// Products of 8-bit integers by a fixed matrix take along what makes floats of them: MatMulInteger, Cast, Mul by one or two
// scales, then a bias row, a residual and an activation, become one nacre.IntegerLinear. The quantized x stays a value of its
// own: several products may share it.
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
    Edge a = kAbsent, b = kAbsent, a_zero = kAbsent, b_zero = kAbsent;
    Edge scale = kAbsent, other_scale = kAbsent, bias = kAbsent, residual = kAbsent;
    bool after = false;
    FusedActivation activation;
    Node* last = nullptr;
  };

  bool fuse(Node& node) {
    if (!node.op->domain.empty() || node.op->name != "MatMulInteger") return false;
    Group group;
    if (!seed(node, group) || !take_scales(group)) return false;
    extend(group);
    emit(group);
    return true;
  }

  bool is_row_or_scalar(Edge edge, Edge like) const {
    const auto &shape = graph_.fact(edge).shape, &whole = graph_.fact(like).shape;
    if (!shape || !whole || whole->empty() || shape->size() > 1) return false;
    return shape->empty() || (*shape)[0].constant() == 1 || (*shape)[0] == whole->back();
  }

  bool seed(Node& node, Group& group) const {
    group.a = node.inputs[0], group.b = node.inputs[1], group.last = &node;
    const Tensor* b = graph_.constant(group.b);
    const auto& shape = graph_.fact(group.a).shape;
    if (!b || b->rank() != 2 || !shape || shape->size() < 2) return false;
    if (node.has_input(2)) group.a_zero = node.inputs[2];
    if (node.has_input(3)) group.b_zero = node.inputs[3];
    return (group.a_zero == kAbsent || is_single(group.a_zero)) &&
           (group.b_zero == kAbsent || is_row_or_scalar(group.b_zero, node.outputs[0]));
  }
  bool is_single(Edge edge) const {
    const auto& shape = graph_.fact(edge).shape;
    return shape && (shape->empty() || (shape->size() == 1 && (*shape)[0].constant() == 1));
  }

  Node* user(Edge edge, std::string_view op) {
    const Node* found = match_.user(edge);
    if (!found || !found->op->domain.empty() || found->op->name != op) return nullptr;
    return &graph_.nodes[size_t(found - graph_.nodes.data())];
  }

  bool take_scales(Group& group) {
    Node* cast = user(group.last->outputs[0], "Cast");
    if (!cast || !match_.is_float32(cast->outputs[0])) return false;
    const Edge values = cast->outputs[0];
    Node* mul = user(values, "Mul");
    const std::optional<Edge> scale = mul ? Match::beside(*mul, values) : std::nullopt;
    if (!scale || !match_.same_shape(values, mul->outputs[0]) || !is_row_or_scalar(*scale, values)) return false;
    group.scale = *scale, group.last = mul;
    if (const Node* factors = match_.only(*scale, "Mul");
        factors && is_row_or_scalar(factors->inputs[0], values) && is_row_or_scalar(factors->inputs[1], values))
      group.scale = factors->inputs[0], group.other_scale = factors->inputs[1];
    return true;
  }

  /// At most a bias, a residual and an activation, for as long as they fit.
  void extend(Group& group) {
    while (true) {
      const Edge result = group.last->outputs[0];
      const Node* found = match_.user(result);
      if (!found || !found->op->domain.empty()) return;
      Node& next = graph_.nodes[size_t(found - graph_.nodes.data())];
      if (next.op->name == "Add" ? !take_add(group, next, result) : !take_activation(group, next)) return;
      group.last = &next;
    }
  }

  bool take_add(Group& group, const Node& add, Edge result) const {
    const std::optional<Edge> other = Match::beside(add, result);
    if (!other || add.inputs[0] == add.inputs[1]) return false;
    const bool plain = group.residual == kAbsent && group.activation.name.empty();
    if (plain && group.bias == kAbsent && match_.is_row(*other, result)) return group.bias = *other, true;
    if (group.residual != kAbsent || graph_.constant(*other) || !match_.same_shape(*other, result)) return false;
    group.residual = *other;
    group.after = !group.activation.name.empty();
    return true;
  }

  bool take_activation(Group& group, const Node& node) const {
    if (!group.activation.name.empty() || group.after || node.inputs[0] != group.last->outputs[0]) return false;
    std::optional<FusedActivation> activation = fused_activation(NodeView{graph_, node});
    if (!activation) return false;
    group.activation = std::move(*activation);
    return true;
  }

  void emit(const Group& group) {
    Attributes attributes;
    if (group.after) attributes.set("residual_after", int64_t{1});
    if (!group.activation.name.empty()) set_activation(attributes, group.activation);
    std::vector<Edge> inputs{group.a, group.b, group.scale, group.other_scale, group.a_zero, group.b_zero, group.bias, group.residual};
    while (inputs.back() == kAbsent) inputs.pop_back();
    become(*group.last, "IntegerLinear", std::move(inputs), std::move(attributes), "nacre");
  }

  Graph& graph_;
  Match match_;
};

Result<bool> run(Graph& graph, const PassOptions&) { return Fuser(graph).run(); }

}  // namespace

extern const Pass pass_fuse_integer_linear;
const Pass pass_fuse_integer_linear{.name = "fuse_integer_linear", .level = PassLevel::fusion, .order = 50, .run = run};

}  // namespace nacre
