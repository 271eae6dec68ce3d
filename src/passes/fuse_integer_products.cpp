// Products of 8-bit integers by fixed weights take along what makes floats of them: MatMulInteger or ConvInteger, Cast, Mul by one or
// two scales, then a bias, a residual and an activation, become one nacre.IntegerLinear or nacre.IntegerConv. The quantized x stays a
// value of its own: several products may share it.
#include <cstring>

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
    const Node* convolution = nullptr;  // else a product of matrices
    Edge a = kAbsent, b = kAbsent, a_zero = kAbsent, b_zero = kAbsent;
    Edge scale = kAbsent, other_scale = kAbsent;
    Followers followers;
  };

  bool fuse(Node& node) {
    if (!node.op->domain.empty() || (node.op->name != "MatMulInteger" && node.op->name != "ConvInteger")) return false;
    Group group;
    if (node.op->name == "ConvInteger") group.convolution = &node;
    if (!seed(node, group) || !take_scales(group)) return false;
    extend(group);
    emit(group);
    return true;
  }

  /// A constant with one number for each channel of an image: [channels, 1, ...] or [1, channels, 1, ...].
  bool is_channel_row(Edge edge, Edge like) const {
    const Tensor* row = graph_.constant(edge);
    const auto& image = graph_.fact(like).shape;
    if (!row || !image || image->size() < 3 || row->dtype() != DType::float32 || !(*image)[1].constant()) return false;
    Shape shape = row->shape();
    if (shape.size() > image->size()) return false;
    shape.insert(shape.begin(), image->size() - shape.size(), 1);
    return shape[1] == (*image)[1].constant() && element_count(shape) == shape[1];
  }
  /// What multiplies or is added to `like`: one number, or one for each column or channel.
  bool is_factor(const Group& group, Edge edge, Edge like) const {
    return group.convolution ? is_single(edge) || is_channel_row(edge, like) : is_row_or_scalar(edge, like);
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
    if (!b || !shape || (group.convolution ? b->rank() < 3 : b->rank() != 2) || shape->size() < 2) return false;
    if (node.has_input(2)) group.a_zero = node.inputs[2];
    if (node.has_input(3)) group.b_zero = node.inputs[3];
    if (group.convolution) return group.a_zero == kAbsent || is_single(group.a_zero);
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
    if (!scale || !match_.same_shape(values, mul->outputs[0])) return false;
    const Node* factors = match_.only(*scale, "Mul");
    if (factors && (!is_factor(group, factors->inputs[0], values) || !is_factor(group, factors->inputs[1], values))) factors = nullptr;
    if (!factors && !is_factor(group, *scale, values)) return false;
    group.scale = *scale, group.followers.last = mul;
    if (factors) group.scale = factors->inputs[0], group.other_scale = factors->inputs[1];
    return true;
  }

  void extend(Group& group) {
    const Edge result = group.followers.last->outputs[0];
    Node* add = group.convolution ? user(result, "Add") : nullptr;
    const std::optional<Edge> other = add ? Match::beside(*add, result) : std::nullopt;
    if (other && graph_.constant(*other)) {  // by channels or not at all: a row of an image is no bias
      if (!is_channel_row(*other, result)) return;
      group.followers.bias = *other, group.followers.last = add;
    }
    take_followers(graph_, match_, group.followers);
  }

  /// [channels], whatever axes of one it had; one number stays as it is.
  Edge as_row(Edge edge) {
    const Tensor* row = edge == kAbsent ? nullptr : graph_.constant(edge);
    if (!row || row->rank() <= 1) return edge;
    Tensor flat(DType::float32, {row->size()});
    std::memcpy(flat.mutable_raw(), row->stored(), flat.byte_size());
    return graph_.add_constant(std::move(flat));
  }

  void emit(Group& group) {
    Followers& found = group.followers;
    if (group.convolution) return emit_convolution(group);
    std::vector<Edge> inputs{group.a, group.b, group.scale, group.other_scale, group.a_zero, group.b_zero, found.bias, found.residual};
    while (inputs.back() == kAbsent) inputs.pop_back();
    become(*found.last, "IntegerLinear", std::move(inputs), attributes_of(found), "nacre");
  }

  void emit_convolution(Group& group) {
    Followers& found = group.followers;
    for (Edge* edge : {&group.scale, &group.other_scale, &found.bias}) *edge = as_row(*edge);
    Attributes attributes = group.convolution->attributes;
    if (found.after) attributes.set("residual_after", int64_t{1});
    if (!found.activation.name.empty()) set_activation(attributes, found.activation);
    std::vector<Edge> inputs{group.a, group.b, group.a_zero, group.b_zero, group.scale, group.other_scale, found.bias, found.residual};
    while (inputs.back() == kAbsent) inputs.pop_back();
    become(*found.last, "IntegerConv", std::move(inputs), std::move(attributes), "nacre");
  }

  Graph& graph_;
  Match match_;
};

Result<bool> run(Graph& graph, const PassOptions&) { return Fuser(graph).run(); }

}  // namespace

extern const Pass pass_fuse_integer_products;
const Pass pass_fuse_integer_products{.name = "fuse_integer_products", .level = PassLevel::fusion, .order = 50, .run = run};

}  // namespace nacre
