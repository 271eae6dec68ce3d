// Nodes that give back their input: Identity, Cast to the same dtype, Reshape or Expand to the same shape, Transpose in
// place, Dropout whose mask nobody reads.
#include "graph/op.h"
#include "passes/pass.h"

namespace nacre {
namespace {

bool same_shape(const Graph& graph, Edge a, Edge b) {
  const auto &x = graph.fact(a).shape, &y = graph.fact(b).shape;
  return x && y && *x == *y;
}

bool permutes_nothing(const Attributes& attributes) {
  const std::vector<int64_t> perm = attributes.integers("perm");
  for (size_t i = 0; i < perm.size(); ++i)
    if (perm[i] != int64_t(i)) return false;
  return attributes.has("perm");
}

bool never_drops(const Graph& graph, const Node& dropout) {
  if (dropout.has_output(1)) return false;
  if (!dropout.has_input(2)) return true;
  const Tensor* training = graph.constant(dropout.inputs[2]);
  return training && training->dtype() == DType::boolean && training->size() == 1 && !training->data<bool>()[0];
}

bool gives_its_input(const Graph& graph, const Node& node) {
  const std::string_view op = node.op->name;
  if (!node.op->domain.empty() || node.outputs.empty() || node.outputs[0] == kAbsent || !node.has_input(0)) return false;
  const Edge x = node.inputs[0], y = node.outputs[0];
  if (op == "Identity") return true;
  if (op == "Dropout") return never_drops(graph, node);
  if (op == "Cast" || op == "CastLike") return graph.fact(x).dtype == graph.fact(y).dtype && graph.fact(x).dtype != DType::undefined;
  if (op == "Transpose") return permutes_nothing(node.attributes);
  if (op == "Reshape" || op == "Expand" || op == "Flatten" || op == "Squeeze" || op == "Unsqueeze") return same_shape(graph, x, y);
  return false;
}

Result<bool> run(Graph& graph, const PassOptions&) {
  Rewriter rewriter(graph);
  for (const Node& node : graph.nodes)
    if (gives_its_input(graph, node)) rewriter.replace(node.outputs[0], node.inputs[0]);
  if (!rewriter.changed()) return false;
  NACRE_TRY(rewriter.apply());
  return true;
}

}  // namespace

extern const Pass pass_drop_identities;
const Pass pass_drop_identities{.name = "drop_identities", .level = PassLevel::standard, .order = 20, .run = run};

}  // namespace nacre
