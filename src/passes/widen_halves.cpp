// Arithmetic on float16 and bfloat16 is done in float32, and what one node hands to the next stays float32: rounded once
// where the model's own outputs and casts ask for it, not after every node. ONNX Runtime does the same on CPUs (it casts
// around nodes that have no kernel for halves and drops the casts that meet), and all of our kernels are for float32.
#include <algorithm>

#include "core/convert.h"
#include "graph/builder.h"
#include "passes/pass.h"

namespace nacre {
namespace {

bool is_half(DType dtype) { return dtype == DType::float16 || dtype == DType::bfloat16; }

class Widener {
 public:
  explicit Widener(Graph& graph) : graph_(graph), builder_(graph) {}

  Result<bool> run() {
    std::vector<Node> nodes = std::move(graph_.nodes);
    graph_.nodes.clear();
    for (Node& node : nodes) {
      if (read_through(node) || (eligible(node) && widen(node))) continue;
      graph_.nodes.push_back(std::move(node));
    }
    NACRE_TRY(builder_.status());
    return changed_;
  }

 private:
  bool half(Edge edge) const { return edge != kAbsent && is_half(graph_.fact(edge).dtype); }

  /// A cast of the model's own from a half to float32 gets what was rounded to that half.
  bool read_through(Node& node) {
    if (!is_cast(node) || graph_.fact(node.outputs[0]).dtype != DType::float32) return false;
    const auto wide = wide_.find(node.inputs[0]);
    if (wide == wide_.end() || !wide->second.exact) return false;
    node.op = find_op("", "Identity");
    node.attributes = {};
    node.inputs[0] = wide->second.edge;
    graph_.nodes.push_back(std::move(node));
    return changed_ = true;
  }
  static bool is_cast(const Node& node) { return node.op->name == "Cast" && node.op->domain.empty() && node.has_output(0); }

  /// What gives no half (comparisons, indices, casts) sees the rounded values, as the model says.
  bool eligible(const Node& node) const {
    const Op& op = *node.op;
    if (!op.domain.empty() || !op.deterministic || !op.types.has(DType::float32) || !node.bodies.empty() || is_cast(node)) return false;
    if (!std::any_of(node.outputs.begin(), node.outputs.end(), [&](Edge edge) { return half(edge); })) return false;
    switch (op.kind) {
      case OpKind::elementwise:
      case OpKind::reduction:
      case OpKind::contraction:
      case OpKind::convolution:
      case OpKind::pooling:
      case OpKind::normalisation: return takes_half(node);
      case OpKind::movement:
      case OpKind::shape: return takes_only_wide(node);
      default: return op.name == "LSTM" || op.name == "GRU" || op.name == "RNN";
    }
  }
  bool takes_half(const Node& node) const {
    return std::any_of(node.inputs.begin(), node.inputs.end(), [&](Edge edge) { return half(edge); });
  }
  /// Moving halves is cheaper than moving floats, unless floats are what there is.
  bool takes_only_wide(const Node& node) const {
    bool any = false;
    for (Edge edge : node.inputs) {
      if (!half(edge)) continue;
      const auto wide = wide_.find(edge);
      const Tensor* constant = graph_.constant(edge);
      if (constant ? constant->size() > kFewElements : wide == wide_.end() || !wide->second.exact) return false;
      any = any || !constant;
    }
    return any;
  }

  /// The node on float32, its results rounded for whoever still wants halves; false, and nothing done, when the operator
  /// does not give float32 from float32.
  bool widen(const Node& node) {
    Node wide = node;
    const size_t before = graph_.nodes.size();
    for (size_t i = 0; i < wide.inputs.size(); ++i)
      if (half(wide.inputs[i])) wide.inputs[i] = widened(wide.inputs[i], node, i);
    for (Edge& edge : wide.outputs)
      if (edge != kAbsent) edge = graph_.add_edge();
    if (!infer_node(graph_, wide) || !gives_the_same(node, wide)) {
      graph_.nodes.resize(before);
      std::erase_if(wide_, [&](const auto& entry) { return !entry.second.exact; });  // casts that are no longer there
      return false;
    }
    const std::vector<Edge> outputs = wide.outputs;
    graph_.nodes.push_back(std::move(wide));
    for (size_t i = 0; i < outputs.size(); ++i)
      if (outputs[i] != kAbsent) hand_over(outputs[i], node.outputs[i]);
    return changed_ = true;
  }

  bool gives_the_same(const Node& node, const Node& wide) const {
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      if (node.outputs[i] == kAbsent) continue;
      const Fact &was = graph_.fact(node.outputs[i]), &now = graph_.fact(wide.outputs[i]);
      if (now.kind != was.kind || now.dtype != (is_half(was.dtype) ? DType::float32 : was.dtype)) return false;
    }
    return true;
  }

  /// `now` in place of `old`, rounded if that was a half; the shape that is known stays known.
  void hand_over(Edge now, Edge old) {
    Fact fact = graph_.fact(old);
    const bool rounds = is_half(fact.dtype);
    const DType narrow = fact.dtype;
    if (rounds) fact.dtype = DType::float32;
    graph_[now].fact = std::move(fact);
    Node link{.op = find_op("", rounds ? "Cast" : "Identity"), .inputs = {now}, .outputs = {old}};
    if (rounds) {
      link.attributes.set("to", static_cast<int64_t>(narrow));
      wide_[old] = {now, true};
    }
    graph_.nodes.push_back(std::move(link));
  }

  /// The float32 of a half. A matrix that products multiply by stays a cast of the constant: they pack it from the halves.
  Edge widened(Edge edge, const Node& user, size_t input) {
    if (auto found = wide_.find(edge); found != wide_.end()) return found->second.edge;
    const Tensor* constant = graph_.constant(edge);
    const bool packed = constant && constant->rank() == 2 && input == 1 && (user.op->name == "MatMul" || user.op->name == "Gemm");
    if (constant && !packed) {
      Tensor wide(DType::float32, constant->shape());
      if (convert(*constant, wide)) return (wide_[edge] = {graph_.add_constant(std::move(wide)), false}).edge;
    }
    return (wide_[edge] = {builder_.cast(edge, DType::float32), false}).edge;
  }

  struct Wide {
    Edge edge = kAbsent;
    bool exact = false;  // it was never rounded: not a cast of the half itself
  };
  static constexpr int64_t kFewElements = 1024;
  Graph& graph_;
  Builder builder_;
  std::unordered_map<Edge, Wide> wide_;  // by the half
  bool changed_ = false;
};

Result<bool> run(Graph& graph, const PassOptions&) {
  for (const Node& node : graph.nodes)
    for (Edge edge : node.outputs)
      if (edge != kAbsent && is_half(graph.fact(edge).dtype)) return Widener(graph).run();
  return false;
}

}  // namespace

extern const Pass pass_widen_halves;
const Pass pass_widen_halves{.name = "widen_halves", .level = PassLevel::fusion, .order = 5, .run = run};

}  // namespace nacre
