// Products of 8-bit integers by a fixed matrix take along what makes floats of them: MatMulInteger, Cast, Mul by one or two
// scales, then a bias row, a residual and an activation, become one nacre.IntegerLinear. The quantized x stays a value of its
// own: several products may share it.
#include "passes/followers.h"
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
    Edge scale = kAbsent, other_scale = kAbsent;
    Followers followers;
  };

  bool fuse(Node& node) {
    if (!node.op->domain.empty() || node.op->name != "MatMulInteger") return false;
    Group group;
    if (!seed(node, group) || !take_scales(group)) return false;
    take_followers(graph_, match_, group.followers);
    emit(group);
    return true;
  }

  bool is_row_or_scalar(Edge edge, Edge like) const {
    const auto &shape = graph_.fact(edge).shape, &whole = graph_.fact(like).shape;
    if (!shape || !whole || whole->empty() || shape->size() > 1) return false;
    return shape->empty() || (*shape)[0].constant() == 1 || (*shape)[0] == whole->back();
  }

  bool seed(Node& node, Group& group) const {
    group.a = node.inputs[0], group.b = node.inputs[1], group.followers.last = &node;
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
    Node* cast = user(group.followers.last->outputs[0], "Cast");
    if (!cast || !match_.is_float32(cast->outputs[0])) return false;
    const Edge values = cast->outputs[0];
    Node* mul = user(values, "Mul");
    const std::optional<Edge> scale = mul ? Match::beside(*mul, values) : std::nullopt;
    if (!scale || !match_.same_shape(values, mul->outputs[0]) || !is_row_or_scalar(*scale, values)) return false;
    group.scale = *scale, group.followers.last = mul;
    if (const Node* factors = match_.only(*scale, "Mul");
        factors && is_row_or_scalar(factors->inputs[0], values) && is_row_or_scalar(factors->inputs[1], values))
      group.scale = factors->inputs[0], group.other_scale = factors->inputs[1];
    return true;
  }

  void emit(const Group& group) {
    const Followers& found = group.followers;
    std::vector<Edge> inputs{group.a, group.b, group.scale, group.other_scale, group.a_zero, group.b_zero, found.bias, found.residual};
    while (inputs.back() == kAbsent) inputs.pop_back();
    become(*found.last, "IntegerLinear", std::move(inputs), attributes_of(found), "nacre");
  }

  Graph& graph_;
  Match match_;
};

Result<bool> run(Graph& graph, const PassOptions&) { return Fuser(graph).run(); }

}  // namespace

extern const Pass pass_fuse_integer_linear;
const Pass pass_fuse_integer_linear{.name = "fuse_integer_linear", .level = PassLevel::fusion, .order = 50, .run = run};

}  // namespace nacre
