// Attention as exporters spell it out, found from the product with the values backwards: softmax over scaled and masked
// scores, grouped heads that were repeated, and the transposes around it become one nacre.Attention that reads the
// projections where they lie.
//   scores = q k^T, times or over scalars (on q or k too), Where(condition, .., a huge negative), plus a mask
//   p = Softmax(scores), Where(IsNaN(p), 0, p);  y = p v, Transpose
#include "passes/match.h"
#include "passes/pass.h"

namespace nacre {
namespace {

struct Found {
  Edge q = kAbsent, k = kAbsent, v = kAbsent, mask = kAbsent, keep = kAbsent;
  double scale = 1, fill = 0;
  bool drop = false, zero_nan = false, q_tokens_first = false, k_tokens_first = false, v_tokens_first = false, y_tokens_first = false;
};

class Fuser {
 public:
  explicit Fuser(Graph& graph) : graph_(graph), match_(graph) {}

  bool run() {
    bool changed = false;
    for (Node& node : graph_.nodes)
      if (node.op->name == "MatMul" && node.op->domain.empty()) changed = fuse(node) || changed;
    return changed;
  }

 private:
  bool fuse(Node& product) {
    Found found;
    const Node* softmax = probabilities(product.inputs[0], found);
    const Node* scores = softmax ? raw_scores(softmax->inputs[0], found) : nullptr;
    if (!scores) return false;
    found.q = scores->inputs[0], found.k = scores->inputs[1], found.v = product.inputs[1];
    if (!has_four_axes(found.q) || !has_four_axes(found.k) || !has_four_axes(found.v)) return false;
    take_scalars(found.q, found.scale);
    found.q_tokens_first = take_transpose(found.q);
    if (!take_keys(found)) return false;
    take_values(found);
    if (!same_heads(found)) return false;
    const Node* after = match_.user(product.outputs[0]);
    found.y_tokens_first = after && is_transpose(*after, {0, 2, 1, 3});
    emit(found.y_tokens_first ? graph_.nodes[size_t(after - graph_.nodes.data())] : product, found);
    return true;
  }

  bool has_four_axes(Edge edge) const {
    const Fact& fact = graph_.fact(edge);
    return fact.dtype == DType::float32 && fact.shape && fact.shape->size() == 4;
  }

  // --- from probabilities back to scores ---

  const Node* probabilities(Edge edge, Found& found) const {
    if (const Node* where = match_.only(edge, "Where"); where && is_zero(where->inputs[1])) {
      const Node* test = match_.only(where->inputs[0], "IsNaN");
      const Node* softmax = match_.maker(where->inputs[2], "Softmax");
      if (!test || !softmax || test->inputs[0] != where->inputs[2] || match_.uses().consumers[index(where->inputs[2])].size() != 2)
        return nullptr;
      found.zero_nan = true;
      return over_last(softmax);
    }
    return over_last(match_.only(edge, "Softmax"));
  }

  bool is_zero(Edge edge) const { return match_.scalar(edge) == 0.0; }

  const Node* over_last(const Node* softmax) const {
    if (!softmax || !has_four_axes(softmax->inputs[0])) return nullptr;
    const int64_t axis = softmax->attributes.integer("axis", -1);
    return axis == -1 || axis == 3 ? softmax : nullptr;
  }

  /// The product q k^T behind masks and scales. Masks come last: what is scaled with them is no mask of ours.
  const Node* raw_scores(Edge edge, Found& found) const {
    while (true) {
      if (const Node* product = match_.only(edge, "MatMul")) return product;
      if (const Node* where = match_.only(edge, "Where"); where && found.keep == kAbsent) {
        if (!take_condition(*where, edge, found)) return nullptr;
      } else if (const Node* add = match_.only(edge, "Add"); add && found.mask == kAbsent) {
        if (!take_mask(*add, edge, found)) return nullptr;
      } else {
        return take_scalars(edge, found.scale) ? match_.only(edge, "MatMul") : nullptr;
      }
    }
  }

  bool take_condition(const Node& where, Edge& edge, Found& found) const {
    for (size_t hidden : {2, 1}) {
      const std::optional<double> fill = match_.scalar(where.inputs[hidden]);
      // Only what swallows every score may be added instead of put in its place.
      if (!fill || *fill > -1e30) continue;
      found.keep = where.inputs[0], found.fill = *fill, found.drop = hidden == 1;
      edge = where.inputs[3 - hidden];
      const auto& shape = graph_.fact(found.keep).shape;
      return shape && shape->size() <= 4;
    }
    return false;
  }

  bool take_mask(const Node& add, Edge& edge, Found& found) const {
    for (auto [scores, mask] : Match::orders(add)) {
      const Fact& fact = graph_.fact(mask);
      if (fact.dtype != DType::float32 || !fact.shape || fact.shape->size() > 4 || !leads_to_product(scores)) continue;
      found.mask = mask;
      edge = scores;
      return true;
    }
    return false;
  }

  bool leads_to_product(Edge edge) const {
    for (int steps = 0; steps < 6; ++steps) {
      const Node* node = match_.uses().single(edge) ? match_.maker(edge) : nullptr;
      if (!node || !node->op->domain.empty()) return false;
      const std::string_view op = node->op->name;
      if (op == "MatMul") return true;
      if (op == "Where")
        edge = match_.scalar(node->inputs[2]) ? node->inputs[1] : node->inputs[2];
      else if ((op == "Mul" || op == "Add") && match_.maker(node->inputs[0]) == nullptr)
        edge = node->inputs[1];
      else if (op == "Mul" || op == "Div" || op == "Add")
        edge = node->inputs[0];
      else
        return false;
    }
    return false;
  }

  /// Takes products with and quotients by scalars off `edge`; true when there were any.
  bool take_scalars(Edge& edge, double& scale) const {
    bool any = false;
    while (true) {
      std::optional<double> factor;
      if (const Node* div = match_.only(edge, "Div"); div && (factor = match_.scalar(div->inputs[1])) && *factor != 0) {
        scale /= *factor, edge = div->inputs[0];
      } else if (const Node* mul = match_.only(edge, "Mul")) {
        const size_t side = match_.scalar(mul->inputs[1]) ? 1 : 0;
        if (!(factor = match_.scalar(mul->inputs[side]))) return any;
        scale *= *factor, edge = mul->inputs[1 - side];
      } else {
        return any;
      }
      any = true;
    }
  }

  // --- operands back to where they lie ---

  static bool is_transpose(const Node& node, std::vector<int64_t> perm) {
    return node.op->name == "Transpose" && node.op->domain.empty() && node.attributes.integers("perm") == perm;
  }

  bool take_transpose(Edge& edge) const {
    const Node* transpose = match_.only(edge, "Transpose");
    if (!transpose || !is_transpose(*transpose, {0, 2, 1, 3})) return false;
    edge = transpose->inputs[0];
    return true;
  }

  bool take_keys(Found& found) const {
    take_scalars(found.k, found.scale);
    const Node* turned = match_.only(found.k, "Transpose");
    if (!turned) return false;
    found.k = turned->inputs[0];
    if (is_transpose(*turned, {0, 2, 3, 1})) return found.k_tokens_first = true;
    if (!is_transpose(*turned, {0, 1, 3, 2})) return false;
    take_scalars(found.k, found.scale);
    take_repeat(found.k);
    found.k_tokens_first = take_transpose(found.k);
    return true;
  }

  void take_values(Found& found) const {
    take_repeat(found.v);
    found.v_tokens_first = take_transpose(found.v);
  }

  /// Reshape(Expand(Unsqueeze(x, 2))): each head as many times as there are queries' heads to it.
  void take_repeat(Edge& edge) const {
    const Node* reshape = match_.only(edge, "Reshape");
    const Node* expand = reshape ? match_.only(reshape->inputs[0], "Expand") : nullptr;
    const Node* unsqueeze = expand ? match_.only(expand->inputs[0], "Unsqueeze") : nullptr;
    if (!unsqueeze) return;
    const auto &x = graph_.fact(unsqueeze->inputs[0]).shape, &wide = graph_.fact(expand->inputs[0]).shape, &y = graph_.fact(edge).shape;
    if (!x || !wide || !y || x->size() != 4 || wide->size() != 5 || y->size() != 4 || !(*wide)[2].is(1)) return;
    const std::optional<int64_t> heads = (*x)[1].constant(), all = (*y)[1].constant();
    if (!heads || !all || *heads < 1 || *all % *heads != 0) return;
    if ((*x)[0] == (*y)[0] && (*x)[2] == (*y)[2] && (*x)[3] == (*y)[3]) edge = unsqueeze->inputs[0];
  }

  bool same_heads(const Found& found) const {
    const SymDim k = (*graph_.fact(found.k).shape)[found.k_tokens_first ? 2 : 1],
                 v = (*graph_.fact(found.v).shape)[found.v_tokens_first ? 2 : 1];
    const SymDim q = (*graph_.fact(found.q).shape)[found.q_tokens_first ? 2 : 1];
    return k == v && (q == k || (q.constant() && k.constant() && *k.constant() > 0 && *q.constant() % *k.constant() == 0));
  }

  static void emit(Node& last, const Found& found) {
    Attributes attributes{{"scale", float(found.scale)}};
    if (found.keep != kAbsent) attributes.set("fill", float(found.fill));
    for (auto [name, value] : {std::pair("drop", found.drop),
                               {"zero_nan", found.zero_nan},
                               {"q_tokens_first", found.q_tokens_first},
                               {"k_tokens_first", found.k_tokens_first},
                               {"v_tokens_first", found.v_tokens_first},
                               {"y_tokens_first", found.y_tokens_first}})
      if (value) attributes.set(name, int64_t{1});
    std::vector<Edge> inputs{found.q, found.k, found.v, found.mask, found.keep};
    while (inputs.back() == kAbsent) inputs.pop_back();
    become(last, "Attention", std::move(inputs), std::move(attributes), "nacre");
  }

  Graph& graph_;
  Match match_;
};

Result<bool> run(Graph& graph, const PassOptions&) { return Fuser(graph).run(); }

}  // namespace

extern const Pass pass_fuse_attention;
const Pass pass_fuse_attention{.name = "fuse_attention", .level = PassLevel::fusion, .order = 30, .run = run};

}  // namespace nacre
