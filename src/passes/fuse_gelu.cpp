// GELU and SiLU as exporters spell them out:
//   0.5 x (1 + erf(x / sqrt 2)), in any order of the factors                   -> Gelu
//   0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))                            -> Gelu, approximate = tanh
//   x sigmoid(x)                                                               -> Swish
//   x clip(x + 3, 0, 6) / 6, x HardSigmoid(x; 1/6, 1/2)                        -> HardSwish
#include <cmath>

#include "passes/match.h"
#include "passes/pass.h"

namespace nacre {
namespace {

class Fuser {
 public:
  explicit Fuser(Graph& graph) : graph_(graph), match_(graph) {}

  bool run() {
    bool changed = false;
    for (Node& node : graph_.nodes) {
      if (!node.op->domain.empty() || !node.has_output(0) || !match_.is_float32(node.outputs[0])) continue;
      if (node.op->name == "Div" || node.op->name == "Mul") changed = fuse_hardswish(node) || changed;
      if (node.op->name == "Mul") changed = fuse_silu(node) || fuse_gelu(node) || changed;
    }
    return changed;
  }

 private:
  // `node` divides by 6 (or multiplies with 1/6) last, or multiplies with a HardSigmoid.
  bool fuse_hardswish(Node& node) {
    if (node.op->name == "Mul")
      for (auto [x, gate] : Match::orders(node)) {
        const Node* hard = match_.only(gate, "HardSigmoid");
        const bool fits = hard && hard->inputs[0] == x && std::abs(hard->attributes.real("alpha", 0.2f) - 1.0f / 6) < 1e-6 &&
                          hard->attributes.real("beta", 0.5f) == 0.5f;
        if (fits) return become(node, "HardSwish", {x}), true;
      }
    const bool divides = node.op->name == "Div" && match_.is_scalar(node.inputs[1], 6, 1e-7);
    const std::optional<Edge> product = divides                  ? std::optional(node.inputs[0])
                                        : node.op->name == "Mul" ? match_.beside_scalar(node, 1.0 / 6)
                                                                 : std::nullopt;
    const Node* mul = product && match_.same_shape(*product, node.outputs[0]) ? match_.only(*product, "Mul") : nullptr;
    if (!mul) return false;
    for (auto [x, gate] : Match::orders(*mul)) {
      const Node* clip = match_.only(gate, "Clip");
      if (!clip || !clip->has_input(1) || !clip->has_input(2) || !match_.is_scalar(clip->inputs[1], 0) ||
          !match_.is_scalar(clip->inputs[2], 6))
        continue;
      const Node* add = match_.only(clip->inputs[0], "Add");
      if (add && match_.beside_scalar(*add, 3) == x && match_.same_shape(x, node.outputs[0])) return become(node, "HardSwish", {x}), true;
    }
    return false;
  }

  bool fuse_silu(Node& node) {
    for (auto [x, gate] : Match::orders(node)) {
      const Node* sigmoid = match_.only(gate, "Sigmoid");
      if (!sigmoid || sigmoid->inputs[0] != x) continue;
      become(node, "Swish", {x}, {{"alpha", 1.0f}});
      return true;
    }
    return false;
  }

  // The three factors 0.5, x, 1 + f(x) may be multiplied in any order; `node` is the last product.
  bool fuse_gelu(Node& node) {
    std::vector<Edge> factors;
    if (!collect(node, factors) || factors.size() != 3) return false;
    for (size_t half = 0; half < 3; ++half) {
      if (!match_.is_scalar(factors[half], 0.5)) continue;
      for (auto [x, gate] :
           {std::pair(factors[(half + 1) % 3], factors[(half + 2) % 3]), std::pair(factors[(half + 2) % 3], factors[(half + 1) % 3])}) {
        const char* kind = gate_kind(gate, x);
        if (!kind || !match_.same_shape(x, node.outputs[0])) continue;
        become(node, "Gelu", {x}, {{"approximate", std::string(kind)}});
        return true;
      }
    }
    return false;
  }

  bool collect(const Node& node, std::vector<Edge>& factors) const {
    for (Edge edge : node.inputs) {
      const Node* inner = factors.size() < 4 ? match_.only(edge, "Mul") : nullptr;
      if (inner) {
        factors.insert(factors.end(), inner->inputs.begin(), inner->inputs.end());
      } else {
        factors.push_back(edge);
      }
    }
    return factors.size() <= 4;
  }

  // "none" for 1 + erf(x / sqrt 2), "tanh" for 1 + tanh(..), null for anything else.
  const char* gate_kind(Edge gate, Edge x) const {
    const Node* add = match_.only(gate, "Add");
    const std::optional<Edge> inner = add ? match_.beside_scalar(*add, 1) : std::nullopt;
    if (!inner) return nullptr;
    if (const Node* erf = match_.only(*inner, "Erf"); erf && is_scaled(erf->inputs[0], x)) return "none";
    if (const Node* tanh = match_.only(*inner, "Tanh"); tanh && is_cubic(tanh->inputs[0], x)) return "tanh";
    return nullptr;
  }

  bool is_scaled(Edge edge, Edge x) const {
    if (const Node* div = match_.only(edge, "Div")) return div->inputs[0] == x && match_.is_scalar(div->inputs[1], M_SQRT2);
    const Node* mul = match_.only(edge, "Mul");
    return mul && match_.beside_scalar(*mul, M_SQRT1_2) == x;
  }

  // sqrt(2/pi) (x + 0.044715 x^3)
  bool is_cubic(Edge edge, Edge x) const {
    const Node* scale = match_.only(edge, "Mul");
    const std::optional<Edge> sum = scale ? match_.beside_scalar(*scale, std::sqrt(2 / M_PI)) : std::nullopt;
    const Node* add = sum ? match_.only(*sum, "Add") : nullptr;
    const std::optional<Edge> cube = add ? Match::beside(*add, x) : std::nullopt;
    const Node* weighted = cube ? match_.only(*cube, "Mul") : nullptr;
    const std::optional<Edge> power = weighted ? match_.beside_scalar(*weighted, 0.044715) : std::nullopt;
    const Node* pow = power ? match_.only(*power, "Pow") : nullptr;
    return pow && pow->inputs[0] == x && match_.is_scalar(pow->inputs[1], 3);
  }

  Graph& graph_;
  Match match_;
};

Result<bool> run(Graph& graph, const PassOptions&) { return Fuser(graph).run(); }

}  // namespace

extern const Pass pass_fuse_gelu;
const Pass pass_fuse_gelu{.name = "fuse_gelu", .level = PassLevel::fusion, .order = 20, .run = run};

}  // namespace nacre
