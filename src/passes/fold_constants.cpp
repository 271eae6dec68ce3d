// What depends on constants only becomes a constant; so does an integer tensor whose elements inference knows.
#include <algorithm>

#include "graph/op.h"
#include "ops/evaluation.h"
#include "ops/interpreter.h"
#include "passes/known_values.h"
#include "passes/pass.h"

namespace nacre {
namespace {

class Folder final : public EvaluationHost {
 public:
  Folder(Graph& graph, const PassOptions& options) : graph_(graph), options_(options), budget_(4 * options.fold_limit + input_bytes()) {}

  bool run() {
    list_dequantized();
    for (Node& node : graph_.nodes)
      if (!fold_known_values(node)) fold(node);
    return changed_;
  }

  Result<Tensor> allocate(DType dtype, const Shape& shape) override { return nacre::allocate(dtype, shape, &budget_); }
  Result<std::vector<Value>> run_body(size_t body, std::vector<Value> formal) override {
    for (int32_t position : node_->bodies[body].captures) formal.push_back(Value(*graph_.constant(node_->inputs[position])));
    return interpret(*node_->bodies[body].graph, formal,
                     {.budget = &budget_, .checkpoint = [this] { return checkpoint(); }, .observe = {}});
  }
  /// A Loop over constants may be endless: loading must not be. What takes longer is left to the run.
  Result<void> checkpoint() override {
    if (++checkpoints_ > kMaxCheckpoints) return fail(ErrorCode::resource_exhausted, "too long to fold");
    return {};
  }

 private:
  // Folding may need a few temporaries beside what it makes.
  int64_t input_bytes() const {
    int64_t most = 0;
    for (size_t i = 0; i < graph_.edge_count(); ++i)
      if (const Tensor* constant = graph_.constant(Edge(int32_t(i)))) most = std::max(most, int64_t(constant->byte_size()));
    return 2 * most;
  }

  bool fold_known_values(Node& node) {
    if (node.outputs.size() != 1 || node.outputs[0] == kAbsent || graph_.constant(node.outputs[0])) return false;
    std::optional<Tensor> tensor = known_tensor(graph_.fact(node.outputs[0]));
    if (!tensor) return false;
    graph_.make_constant(node.outputs[0], std::move(*tensor));
    return changed_ = true;
  }

  bool foldable(const Node& node) const {
    if (!node.op->deterministic || !node.op->evaluate) return false;
    for (Edge edge : node.outputs)
      if (edge != kAbsent && graph_.constant(edge)) return false;
    for (Edge edge : node.inputs)
      if (edge != kAbsent && !graph_.constant(edge)) return false;
    return true;
  }

  // A large matrix that products read transposed: our kernels and others' take it as it lies in the file.
  bool is_turned_weight(const Node& node) const {
    constexpr size_t kLarge = size_t{1} << 20;
    if (node.op->name != "Transpose" || !node.op->domain.empty()) return false;
    const Tensor& weight = *graph_.constant(node.inputs[0]);
    return weight.rank() == 2 && weight.byte_size() >= kLarge && weight.dtype() == DType::float32 && only_multiplied(node.outputs[0]);
  }

  bool only_multiplied(Edge edge) const {
    for (Edge output : graph_.outputs)
      if (output == edge) return false;
    for (const Node& node : graph_.nodes)
      for (size_t i = 0; i < node.inputs.size(); ++i)
        if (node.inputs[i] == edge && (node.op->name != "MatMul" || i != 1)) return false;
    return true;
  }

  // Weights of 8 bits whose consumers read other such values: those run on the codes (fuse_quantized), so no float is wanted.
  bool is_quantized_weight(const Node& node) const {
    if (node.op->name != "DequantizeLinear" || !node.op->domain.empty()) return false;
    const DType dtype = graph_.fact(node.inputs[0]).dtype;
    if (dtype != DType::int8 && dtype != DType::uint8 && dtype != DType::int32) return false;
    bool used = false;
    for (const Node& user : graph_.nodes) {
      if (std::find(user.inputs.begin(), user.inputs.end(), node.outputs[0]) == user.inputs.end()) continue;
      if (!reads_codes(user)) return false;
      used = true;
    }
    return used;
  }

  bool reads_codes(const Node& user) const {
    constexpr std::string_view kOnCodes[] = {"Conv", "Gemm", "MatMul", "Add", "Mul", "Concat"};
    if (!user.op->domain.empty() || std::find(std::begin(kOnCodes), std::end(kOnCodes), user.op->name) == std::end(kOnCodes)) return false;
    return std::any_of(user.inputs.begin(), user.inputs.end(), [&](Edge edge) { return edge != kAbsent && dequantized_[index(edge)]; });
  }

  void list_dequantized() {
    dequantized_.assign(graph_.edge_count(), false);
    for (const Node& node : graph_.nodes)
      if (node.op->name == "DequantizeLinear" && !graph_.constant(node.inputs[0]))
        for (Edge edge : node.outputs)
          if (edge != kAbsent) dequantized_[index(edge)] = true;
  }

  // A result much larger than its inputs (Expand of a scalar, say) is cheaper to make again than to keep.
  bool worth_keeping(const Node& node, std::span<const Value> outputs) const {
    int64_t before = 0;
    for (Edge edge : node.inputs)
      if (edge != kAbsent) before += int64_t(graph_.constant(edge)->byte_size());
    const int64_t after = bytes_of(outputs);
    return after <= (int64_t{1} << 16) || after <= 2 * before || after <= options_.fold_limit / 16;
  }

  void fold(Node& node) {
    if (!foldable(node) || is_turned_weight(node) || is_quantized_weight(node)) return;
    node_ = &node;
    checkpoints_ = 0;
    std::vector<Value> storage;
    storage.reserve(node.inputs.size());
    std::vector<const Value*> inputs;
    for (Edge edge : node.inputs) {
      storage.push_back(edge == kAbsent ? Value() : Value(*graph_.constant(edge)));
      inputs.push_back(edge == kAbsent ? nullptr : &storage.back());
    }
    std::vector<Value> outputs(node.outputs.size());
    Evaluation evaluation(graph_, node, inputs, outputs, *this);
    if (!evaluate_node(node, evaluation)) return;  // an error belongs to the run that reaches the node, if one does
    for (const Value& value : outputs)
      if (!value.is_tensor()) return;
    if (!worth_keeping(node, outputs)) return;
    for (size_t i = 0; i < outputs.size(); ++i)
      if (node.outputs[i] != kAbsent) graph_.make_constant(node.outputs[i], std::move(outputs[i].tensor()));
    changed_ = true;
  }

  Graph& graph_;
  const PassOptions& options_;
  MemoryBudget budget_;
  static constexpr int64_t kMaxCheckpoints = 10'000;
  const Node* node_ = nullptr;
  int64_t checkpoints_ = 0;        // of the node being folded
  std::vector<bool> dequantized_;  // edges that a DequantizeLinear makes from what is no constant
  bool changed_ = false;
};

Result<bool> run(Graph& graph, const PassOptions& options) { return Folder(graph, options).run(); }

}  // namespace

extern const Pass pass_fold_constants;
const Pass pass_fold_constants{.name = "fold_constants", .level = PassLevel::standard, .order = 10, .run = run};

}  // namespace nacre
