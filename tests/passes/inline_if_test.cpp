#include "passes/inline_if.h"

#include <gtest/gtest.h>

#include "backends/native/program.h"
#include "graph/builder.h"
#include "ops/inference.h"
#include "ops/interpreter.h"
#include "passes/pass.h"

namespace nacre {
namespace {

Tensor boolean(bool value) {
  Tensor out(DType::boolean, {});
  out.mutable_data<bool>()[0] = value;
  return out;
}

Tensor ramp(Shape shape) {
  Tensor out(DType::float32, std::move(shape));
  for (int64_t i = 0; i < out.size(); ++i) out.mutable_data<float>()[size_t(i)] = float(i);
  return out;
}

/// A node whose facts nobody knows yet, as in a body before its outer node is inferred.
Edge raw(Graph& graph, const char* op, std::vector<Edge> inputs) {
  Node node;
  node.op = find_op("", op);
  node.inputs = std::move(inputs);
  node.outputs = {graph.add_edge()};
  graph.nodes.push_back(node);
  return node.outputs[0];
}

/// A branch that captures one value: op(captured), or op(captured, its own constant).
Body branch(const char* name, const char* op, std::optional<Tensor> constant = {}) {
  Graph graph;
  std::vector<Edge> inputs{graph.add_input("captured", {})};
  if (constant) inputs.push_back(graph.add_constant(std::move(*constant), "constant"));
  graph.add_output(raw(graph, op, inputs), "result");
  Body out(name, std::move(graph));
  out.captures = {1};
  return out;
}

Edge add_if(Graph& graph, Edge condition, Edge captured, Body yes, Body no) {
  Node node;
  node.op = find_op("", "If");
  node.name = "if";
  node.inputs = {condition, captured};
  node.captured = 1;
  node.outputs = {graph.add_edge()};
  node.bodies.push_back(std::move(yes));
  node.bodies.push_back(std::move(no));
  graph.nodes.push_back(node);
  return node.outputs[0];
}

size_t count(const Graph& graph, std::string_view op) {
  size_t out = 0;
  for (const Node& node : graph.nodes) out += node.op->name == op;
  return out;
}

std::vector<float> run(const Graph& graph, const Tensor& x) {
  MemoryBudget budget(1 << 20);
  auto out = interpret(graph, std::vector<Value>{Value(x)}, {.budget = &budget, .checkpoint = {}, .observe = {}});
  if (!out) return ADD_FAILURE() << out.error().what(), std::vector<float>();
  const auto data = (*out)[0].tensor().data<float>();
  return {data.begin(), data.end()};
}

TEST(InlineIf, ConstantConditionLeavesTheBranchTaken) {
  for (bool taken : {true, false}) {
    Graph graph;
    const Edge x = graph.add_input("x", Fact::tensor(DType::float32, SymShape{3}));
    const Edge condition = graph.add_constant(boolean(taken));
    graph.add_output(add_if(graph, condition, x, branch("then_branch", "Neg"), branch("else_branch", "Add", ramp({3}))), "y");
    ASSERT_TRUE(infer_graph(graph) && optimise(graph, PassLevel::standard));
    EXPECT_EQ(count(graph, "If"), 0u);
    EXPECT_EQ(count(graph, taken ? "Neg" : "Add"), 1u);
    EXPECT_EQ(run(graph, ramp({3})), taken ? (std::vector<float>{0, -1, -2}) : (std::vector<float>{0, 2, 4}));
  }
}

TEST(InlineIf, UnknownConditionStays) {
  Graph graph;
  const Edge x = graph.add_input("x", Fact::tensor(DType::float32, SymShape{3})),
             condition = graph.add_input("c", Fact::tensor(DType::boolean, SymShape{}));
  graph.add_output(add_if(graph, condition, x, branch("then_branch", "Neg"), branch("else_branch", "Abs")), "y");
  ASSERT_TRUE(infer_graph(graph));
  const auto changed = inline_known_ifs(graph);
  ASSERT_TRUE(changed);
  EXPECT_FALSE(*changed);
  EXPECT_EQ(count(graph, "If"), 1u);
}

// "If the first dim is 1, squeeze it": its rank is unknown before shapes are, and nothing may wait for the value afterwards.
TEST(InlineIf, ShapesDecideItWhenAPlanIsMade) {
  Graph graph;
  Builder builder(graph);
  const Edge x = graph.add_input("x", Fact::tensor(DType::float32, SymShape{SymDim::symbol("n"), SymDim::symbol("m")}));
  const Edge first = builder.add("Gather", {builder.add("Shape", {x}), builder.ints({0})});
  const Edge condition = builder.add("Equal", {first, builder.ints({1})});
  const Edge squeezed = add_if(graph, condition, x, branch("then_branch", "Squeeze"), branch("else_branch", "Identity"));
  graph.add_output(raw(graph, "Neg", {squeezed}), "y");
  ASSERT_TRUE(builder.status() && infer_graph(graph));
  EXPECT_FALSE(graph.fact(graph.outputs[0]).shape);
  native::Program program(graph, std::make_shared<native::PackCache>());
  for (const auto& [given, wanted] : {std::pair(Shape{1, 4}, "float32[4]"), std::pair(Shape{2, 4}, "float32[2,4]")}) {
    const Fact fact = Fact::tensor(DType::float32, symbolic(given));
    const auto plan = program.plan(std::span(&fact, 1));
    ASSERT_TRUE(plan) << plan.error().what();
    EXPECT_TRUE(plan->complete);
    EXPECT_EQ(plan->steps.back().type, wanted);
  }
}

}  // namespace
}  // namespace nacre
