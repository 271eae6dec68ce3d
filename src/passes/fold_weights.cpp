// Halves that are to be float32 and that no product took as they are (fuse_linear), and weights of 8 bits that no operator on codes
// took (fuse_quantized), become float32 once, not at each run.
#include "core/convert.h"
#include "ops/interpreter.h"
#include "passes/match.h"
#include "passes/pass.h"

namespace nacre {
namespace {

Result<std::optional<Tensor>> widened(const Graph& graph, const Node& node) {
  const Tensor* half = graph.constant(node.inputs[0]);
  if (half->dtype() != DType::float16 && half->dtype() != DType::bfloat16) return std::nullopt;
  Tensor wide(DType::float32, half->shape());
  NACRE_TRY(convert(*half, wide));
  return wide;
}

std::optional<Tensor> dequantized(const Graph& graph, const Node& node) {
  Graph alone;
  Node copy = node;
  for (Edge& edge : copy.inputs) {
    if (edge == kAbsent) continue;
    if (!graph.constant(edge)) return std::nullopt;
    edge = alone.add_constant(*graph.constant(edge));
  }
  copy.outputs = {alone.add_edge({}, graph.fact(node.outputs[0]))};
  alone.add_output(copy.outputs[0], "y");
  alone.nodes.push_back(std::move(copy));
  auto made = interpret(alone, {}, {});  // an error belongs to the run that reaches the node
  return made && (*made)[0].is_tensor() ? std::optional((*made)[0].tensor()) : std::nullopt;
}

Result<bool> run(Graph& graph, const PassOptions&) {
  bool changed = false;
  for (const Node& node : graph.nodes) {
    const bool cast = node.op->name == "Cast", dequantize = node.op->name == "DequantizeLinear";
    if ((!cast && !dequantize) || !node.op->domain.empty() || !graph.constant(node.inputs[0])) continue;
    const Edge out = node.outputs[0];
    if (graph.constant(out) || graph.fact(out).dtype != DType::float32) continue;
    std::optional<Tensor> made = cast ? NACRE_TRY(widened(graph, node)) : dequantized(graph, node);
    if (!made) continue;
    graph.make_constant(out, std::move(*made));
    changed = true;
  }
  return changed;
}

}  // namespace

extern const Pass pass_fold_weights;
const Pass pass_fold_weights{.name = "fold_weights", .level = PassLevel::fusion, .order = 90, .run = run};

}  // namespace nacre
