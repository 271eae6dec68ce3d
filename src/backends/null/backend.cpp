// Plans everything and computes nothing: schedules, placement and errors can be tested without arithmetic.
#include "runtime/backend.h"

#include "core/checked.h"
#include "graph/builder.h"
#include "ops/inference.h"
#include "ops/interpreter.h"

namespace nacre {
namespace {

// Outputs have the inferred dtype and shape and are zero; a shape that depends on data is empty along its unknown dims.
class NullExecutable final : public Executable {
 public:
  explicit NullExecutable(const Graph& graph) : graph_(graph) {}

  Result<void> run(std::span<const Value> inputs, std::span<Value> outputs, RunContext& context) override {
    Graph graph = graph_;
    for (size_t i = 0; i < inputs.size(); ++i) graph[graph.inputs[i]].fact = Fact::of(inputs[i]);
    for (Node& node : graph.nodes) {
      NACRE_TRY(context.checkpoint());
      NACRE_TRY(infer_node(graph, node));
      if (context.profile) context.profile->nodes.push_back({node.name, std::string(node.op->name), "null", "null", 0, 0});
    }
    for (size_t i = 0; i < outputs.size(); ++i) outputs[i] = NACRE_TRY(blank(graph, graph.outputs[i], context));
    return {};
  }

 private:
  static Result<Value> blank(const Graph& graph, Edge edge, RunContext& context) {
    if (const Tensor* constant = graph.constant(edge)) return Value(*constant);
    const Fact& fact = graph.fact(edge);
    if (fact.kind == Fact::Kind::sequence) return Value::sequence({});
    if (fact.kind == Fact::Kind::optional) return Value::optional();
    if (fact.kind == Fact::Kind::map) return Value::map(Tensor(fact.key_dtype, {0}), Tensor(fact.dtype, {0}));
    Shape shape;
    for (const SymDim& dim : fact.shape.value_or(SymShape{})) shape.push_back(dim.constant().value_or(0));
    const DType dtype = fact.dtype == DType::undefined ? DType::float32 : fact.dtype;
    return Value(NACRE_TRY(allocate(dtype, shape, context.budget)));
  }

  Graph graph_;
};

Probe probe(const ProbeOptions&) { return {.available = true, .version = "built in", .reason = "", .devices = {}}; }
bool supports(const Graph&, const Node&) { return true; }
Result<std::unique_ptr<Executable>> compile(const Graph& graph, const CompileOptions&) { return std::make_unique<NullExecutable>(graph); }

}  // namespace

extern const Backend backend_null;
const Backend backend_null{.name = "null",
                           .about = "plans and computes nothing; for tests of scheduling",
                           .probe = probe,
                           .supports = supports,
                           .compile = compile};

}  // namespace nacre
