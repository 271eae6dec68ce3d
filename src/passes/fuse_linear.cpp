// Products by a fixed matrix take their neighbours along: MatMul or Gemm, then a bias row, then a residual and an
// activation in either order, become one nacre.Linear.
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
    Edge x = kAbsent, w = kAbsent;
    bool transposed = false;
    Followers followers;
  };

  bool fuse(Node& node) {
    if (!node.op->domain.empty() || (node.op->name != "MatMul" && node.op->name != "Gemm")) return false;
    Group group;
    if (!seed(node, group)) return false;
    take_followers(graph_, match_, group.followers);
    const bool bare = node.op->name == "MatMul" && group.followers.last == &node && !group.transposed && match_.is_float32(group.w);
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
    group.x = node.inputs[0], group.w = node.inputs[1], group.followers.last = &node;
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
    group.followers.bias = node.inputs[2];
    return a.real("beta", 1) == 1 && match_.is_row(node.inputs[2], node.outputs[0]);
  }

  void emit(const Group& group) {
    const Followers& found = group.followers;
    Attributes attributes = attributes_of(found);
    if (group.transposed) attributes.set("transposed", int64_t{1});
    std::vector<Edge> inputs{group.x, group.w, found.bias, found.residual};
    while (inputs.back() == kAbsent) inputs.pop_back();
    become(*found.last, "Linear", std::move(inputs), std::move(attributes), "nacre");
  }

  Graph& graph_;
  Match match_;
};

Result<bool> run(Graph& graph, const PassOptions&) { return Fuser(graph).run(); }

}  // namespace

extern const Pass pass_fuse_linear;
const Pass pass_fuse_linear{.name = "fuse_linear", .level = PassLevel::fusion, .order = 50, .run = run};

}  // namespace nacre
