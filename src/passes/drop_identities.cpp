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

bool permutes_nothing(const Fact& fact, const Attributes& attributes) {
  const std::vector<int64_t> perm = attributes.integers("perm");
  if (!fact.shape || fact.shape->size() != perm.size()) return false;  // of another rank it is an error when it runs
  for (size_t i = 0; i < perm.size(); ++i)
    if (perm[i] != int64_t(i)) return false;
  return true;
}

// The output's shape alone does not tell: against an unknown length a known one wins, and the run may still refuse it.
bool expands_nothing(const Fact& data, const Fact& shape) {
  if (!data.shape || !shape.values || shape.values->size() > data.shape->size()) return false;
  const size_t skip = data.shape->size() - shape.values->size();
  for (size_t i = 0; i < shape.values->size(); ++i)
    if (const SymDim& length = (*shape.values)[i]; !length.is(1) && length != (*data.shape)[skip + i]) return false;
  return true;
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
  if (op == "Transpose") return permutes_nothing(graph.fact(x), node.attributes);
  if (op == "Expand") return expands_nothing(graph.fact(x), graph.fact(node.inputs[1]));
  if (op == "Reshape" || op == "Flatten" || op == "Squeeze" || op == "Unsqueeze") return same_shape(graph, x, y);
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
