#include <algorithm>

#include "core/convert.h"
#include "graph/op.h"
#include "passes/pass.h"
#include "runtime/session_state.h"
#include "tests/support/model_maker.h"

namespace nacre {
namespace {

using namespace test;

Graph widened(const ModelMaker& m) {
  Graph graph = *m.import_graph();
  const auto done = optimise(graph, PassLevel::fusion);
  EXPECT_TRUE(done) << done.error().what();
  const auto ok = verify(graph);
  EXPECT_TRUE(ok) << ok.error().what();
  return graph;
}

int64_t count(const Graph& graph, std::string_view op) {
  return std::count_if(graph.nodes.begin(), graph.nodes.end(), [&](const Node& node) { return node.op->name == op; });
}

Tensor halves(Shape shape, std::vector<float> values, DType dtype = DType::float16) {
  Tensor out(dtype, std::move(shape));
  store_from<float>(dtype, out.mutable_raw(), 0, out.size(), values.data());
  return out;
}

std::vector<float> floats_of(const Tensor& tensor) {
  std::vector<float> out(static_cast<size_t>(tensor.size()));
  load_as<float>(tensor.dtype(), tensor.raw(), 0, tensor.size(), out.data());
  return out;
}

/// sum = x + 2048, difference = sum - 2048: a half between the two loses what is below 2.
ModelMaker sum_and_difference(DType dtype = DType::float16) {
  ModelMaker m;
  m.input("x", dtype, {2}).constant("large", halves({1}, {2048}, dtype));
  m.node("Add", {"x", "large"}, {"sum"}).node("Sub", {"sum", "large"}, {"difference"});
  return m;
}

TEST(WidenHalves, NothingIsRoundedBetweenNodes) {
  for (DType dtype : {DType::float16, DType::bfloat16}) {
    ModelMaker m = sum_and_difference(dtype);
    m.output("difference");
    const Inputs x{{"x", halves({2}, {0.75, -3}, dtype)}};
    EXPECT_EQ(floats_of(m.session({.backends = {"native"}}).run(x).value(0).tensor()), (std::vector<float>{0.75, -3}));
    EXPECT_NE(floats_of(m.session({.backends = {"reference"}}).run(x).value(0).tensor()), (std::vector<float>{0.75, -3}))
        << "the rounded way";
    EXPECT_EQ(m.session({.backends = {"native"}}).run(x).value(0).tensor().dtype(), dtype);
  }
}

TEST(WidenHalves, ComparisonsSeeRoundedValues) {
  ModelMaker m = sum_and_difference();
  m.output("equal").node("Equal", {"sum", "large"}, {"equal"});
  const Outputs out = m.session({.backends = {"native"}}).run({{"x", halves({2}, {0.75, 4})}});
  EXPECT_EQ(values_of<bool>(out.value(0).tensor()), (std::vector<bool>{true, false}));
}

TEST(WidenHalves, CastsToFloatGetWhatWasNeverRounded) {
  ModelMaker m = sum_and_difference();
  m.output("y").node("Cast", {"sum"}, {"y"}, {attribute("to", int64_t(DType::float32))});
  const Outputs out = m.session({.backends = {"native"}}).run({{"x", halves({2}, {0.75, 4})}});
  EXPECT_EQ(values_of<float>(out.value(0).tensor()), (std::vector<float>{2048.75, 2052}));
}

TEST(WidenHalves, CastsOfTheModelRound) {
  ModelMaker m;
  m.input("x", DType::float32, {1}).output("y");
  m.node("Cast", {"x"}, {"half"}, {attribute("to", int64_t(DType::float16))});
  m.node("Neg", {"half"}, {"minus"}).node("Cast", {"minus"}, {"y"}, {attribute("to", int64_t(DType::float32))});
  EXPECT_EQ(values_of<float>(m.session({.backends = {"native"}}).run({{"x", floats({1}, {2048.75})}}).value(0).tensor()),
            (std::vector<float>{-2048}));
}

TEST(WidenHalves, ProductsKeepTheirWeightsInHalves) {
  ModelMaker m;
  m.input("x", DType::float16, {1, 2}).constant("w", halves({2, 3}, {1, 2, 3, 4, 5, 6})).output("y").node("MatMul", {"x", "w"}, {"y"});
  const Graph g = widened(m);
  ASSERT_EQ(count(g, "Linear"), 1) << print(g);
  const auto linear = std::find_if(g.nodes.begin(), g.nodes.end(), [](const Node& node) { return node.op->name == "Linear"; });
  EXPECT_EQ(g.constant(linear->inputs[1])->dtype(), DType::float16);
  for (const char* engine : {"native", "reference"})
    EXPECT_EQ(floats_of(m.session({.backends = {engine}}).run({{"x", halves({1, 2}, {1, 10})}}).value(0).tensor()),
              (std::vector<float>{41, 52, 63}));
}

TEST(WidenHalves, WeightsThatNoProductPacksAreCastOnce) {
  ModelMaker m;
  m.input("x", DType::float16, {2, 1}).constant("w", halves({2, 3}, {1, 2, 3, 4, 5, 6})).output("y");
  m.node("Gemm", {"x", "w"}, {"y"}, {attribute("transA", 1)});
  EXPECT_EQ(count(widened(m), "Cast"), 2) << "of x and of y";
  EXPECT_EQ(floats_of(m.session({.backends = {"native"}}).run({{"x", halves({2, 1}, {1, 10})}}).value(0).tensor()),
            (std::vector<float>{41, 52, 63}));
}

TEST(WidenHalves, HalvesThatOnlyMoveStayHalves) {
  ModelMaker m;
  m.input("x", DType::float16, {2, 3}).output("y").node("Transpose", {"x"}, {"y"});
  EXPECT_EQ(count(widened(m), "Cast"), 0);
  ModelMaker between;
  between.input("x", DType::float16, {2, 3})
      .output("y")
      .node("Exp", {"x"}, {"e"})
      .node("Transpose", {"e"}, {"t"})
      .node("Log", {"t"}, {"y"});
  EXPECT_EQ(count(widened(between), "Cast"), 2) << "none around the Transpose between two that are float32";
}

}  // namespace
}  // namespace nacre
