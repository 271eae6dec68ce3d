// The oracle: walks the graph and evaluates each operator's plain loops on one thread.
#include "runtime/backend.h"

#include "graph/op.h"
#include "ops/evaluation.h"
#include "ops/interpreter.h"

namespace nacre {
namespace {

class ReferenceExecutable final : public Executable {
 public:
  explicit ReferenceExecutable(const Graph& graph) : graph_(graph) {}

  Result<void> run(std::span<const Value> inputs, std::span<Value> outputs, RunContext& context) override {
    InterpreterOptions options;
    options.budget = context.budget;
    options.checkpoint = [&context] { return context.checkpoint(); };
    if (context.profile)
      options.observe = [&context](const Node& node, double milliseconds, std::span<const Value> values) {
        NodeProfile row{node.name, std::string(node.op->name), "reference", "reference", milliseconds, bytes_of(values)};
        row.begin = context.elapsed() - milliseconds;
        context.profile->nodes.push_back(std::move(row));
      };
    std::vector<Value> results = NACRE_TRY(interpret(graph_, inputs, options));
    std::move(results.begin(), results.end(), outputs.begin());
    return {};
  }

 private:
  Graph graph_;
};

Probe probe(const ProbeOptions&) { return {.available = true, .version = "built in", .reason = "", .devices = {cpu_device()}}; }
bool supports(const Graph&, const Node& node) { return node.op->evaluate != nullptr; }
Result<std::unique_ptr<Executable>> compile(const Graph& graph, const CompileOptions&) {
  return std::make_unique<ReferenceExecutable>(graph);
}

}  // namespace

extern const Backend backend_reference;
const Backend backend_reference{.name = "reference",
                                .about = "plain loops, every operator and dtype; the oracle of the tests",
                                .probe = probe,
                                .supports = supports,
                                .compile = compile};

}  // namespace nacre
