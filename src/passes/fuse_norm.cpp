// Layer and RMS norm as exporters spell them out, found from the square root:
//   d = x - mean(x);  y = d / sqrt(mean(d^2) + epsilon) * gamma + beta        -> LayerNormalization
//   y = x * (1 / sqrt(mean(x^2) + epsilon)) * gamma, x / sqrt(..) too          -> RMSNormalization
#include "passes/match.h"
#include "passes/pass.h"

namespace nacre {
namespace {

class Fuser {
 public:
  explicit Fuser(Graph& graph) : graph_(graph), match_(graph) {}

  bool run() {
    bool changed = false;
    for (size_t n = 0; n < graph_.nodes.size(); ++n)
      if (graph_.nodes[n].op->name == "Sqrt" && graph_.nodes[n].op->domain.empty()) changed = fuse(graph_.nodes[n]) || changed;
    return changed;
  }

 private:
  struct Variance {
    Edge squared;  // what was squared: d or x
    double epsilon;
  };

  // sqrt(mean(s^2) + epsilon)
  std::optional<Variance> variance(const Node& root) const {
    const Node* add = match_.only(root.inputs[0], "Add");
    if (!add) return std::nullopt;
    for (auto [mean_edge, epsilon_edge] : Match::orders(*add)) {
      const std::optional<double> epsilon = match_.scalar(epsilon_edge);
      const Node* mean = match_.only(mean_edge, "ReduceMean");
      if (!epsilon || !mean || !match_.reduces_last(*mean)) continue;
      if (const std::optional<Edge> squared = square(mean->inputs[0])) return Variance{*squared, *epsilon};
    }
    return std::nullopt;
  }

  std::optional<Edge> square(Edge edge) const {
    if (const Node* pow = match_.only(edge, "Pow"); pow && match_.is_scalar(pow->inputs[1], 2)) return pow->inputs[0];
    if (const Node* mul = match_.only(edge, "Mul"); mul && mul->inputs[0] == mul->inputs[1]) return mul->inputs[0];
    return std::nullopt;
  }

  bool fuse(const Node& root) {
    const std::optional<Variance> found = variance(root);
    const Node* user = match_.user(root.outputs[0]);
    if (!found || !user || !match_.is_float32(found->squared)) return false;
    if (user->op->name == "Div" && user->inputs[0] == found->squared && user->inputs[1] == root.outputs[0]) return scaled(*user, *found);
    const bool inverse = user->op->name == "Reciprocal" || (user->op->name == "Div" && match_.is_scalar(user->inputs[0], 1));
    const Node* product = inverse ? match_.user(user->outputs[0]) : nullptr;
    if (!product || product->op->name != "Mul" || Match::beside(*product, user->outputs[0]) != found->squared) return false;
    return scaled(*product, *found);
  }

  // `norm` makes the normalised rows: a gain must follow, and perhaps a shift.
  bool scaled(const Node& norm, const Variance& variance) {
    const Node* gain = match_.user(norm.outputs[0]);
    if (!gain || gain->op->name != "Mul") return false;
    const std::optional<Edge> gamma = Match::beside(*gain, norm.outputs[0]);
    if (!gamma || !match_.is_row(*gamma, variance.squared)) return false;
    const Node* centred = match_.maker(variance.squared, "Sub");
    const std::optional<Edge> x = centred ? mean_removed(*centred) : std::nullopt;
    if (!match_.same_shape(variance.squared, gain->outputs[0])) return false;
    const Attributes attributes{{"axis", int64_t{-1}}, {"epsilon", float(variance.epsilon)}};
    if (!x) return become(at(*gain), "RMSNormalization", {variance.squared, *gamma}, attributes), true;
    const Node* shift = match_.user(gain->outputs[0]);
    const std::optional<Edge> beta = shift && shift->op->name == "Add" ? Match::beside(*shift, gain->outputs[0]) : std::nullopt;
    if (beta && match_.is_row(*beta, *x))
      become(at(*shift), "LayerNormalization", {*x, *gamma, *beta}, attributes);
    else
      become(at(*gain), "LayerNormalization", {*x, *gamma}, attributes);
    return true;
  }

  // d = x - mean(x)
  std::optional<Edge> mean_removed(const Node& sub) const {
    const Node* mean = match_.maker(sub.inputs[1], "ReduceMean");
    if (!mean || mean->inputs[0] != sub.inputs[0] || !match_.reduces_last(*mean)) return std::nullopt;
    return sub.inputs[0];
  }

  Node& at(const Node& node) { return graph_.nodes[size_t(&node - graph_.nodes.data())]; }

  Graph& graph_;
  Match match_;
};

Result<bool> run(Graph& graph, const PassOptions&) { return Fuser(graph).run(); }

}  // namespace

extern const Pass pass_fuse_norm;
const Pass pass_fuse_norm{.name = "fuse_norm", .level = PassLevel::fusion, .order = 10, .run = run};

}  // namespace nacre
