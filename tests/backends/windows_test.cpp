// Windows over an axis without positions: padding is all they see. Sizes are those of the formula, whether they are inferred of a
// symbol, of a constant 0, or evaluated, on every backend and by every kernel.
#include <gtest/gtest.h>

#include <cmath>

#include "core/convert.h"
#include "graph/builder.h"
#include "runtime/session_state.h"

namespace nacre {
namespace {

using Ints = std::vector<int64_t>;

Tensor of(DType dtype, Shape shape, std::vector<double> values) {
  Tensor out(dtype, std::move(shape));
  values.resize(size_t(out.size()), values.back());
  store_from<double>(dtype, out.mutable_raw(), 0, out.size(), values.data());
  return out;
}
Tensor of(Shape shape, std::vector<double> values) { return of(DType::float32, std::move(shape), std::move(values)); }

struct Case {
  const char* op;
  Tensor x;
  std::vector<Tensor> others;  // constants behind x
  Attributes attributes;
  Tensor expected;
  const char* domain = "";
};

/// x's dims as they are, or symbols.
Graph graph_of(const Case& c, bool symbols, bool constants) {
  Graph graph;
  Builder b(graph);
  SymShape shape;
  for (int64_t dim : c.x.shape()) shape.push_back(symbols ? SymDim::symbol("d" + std::to_string(shape.size())) : SymDim(dim));
  std::vector<Edge> inputs{graph.add_input("x", Fact::tensor(c.x.dtype(), shape))};
  for (size_t i = 0; i < c.others.size(); ++i)
    inputs.push_back(constants
                         ? b.constant(c.others[i])
                         : graph.add_input("w" + std::to_string(i), Fact::tensor(c.others[i].dtype(), symbolic(c.others[i].shape()))));
  Node node;
  node.op = find_op(c.domain, c.op), node.inputs = std::move(inputs), node.attributes = c.attributes, node.outputs = {graph.add_edge()};
  const Edge y = node.outputs[0];
  b.append(std::move(node));
  graph.add_output(y, "y");
  EXPECT_TRUE(b.status()) << c.op << ": " << b.status().error().what();
  return graph;
}

std::vector<double> numbers(const Tensor& x) {
  std::vector<double> out(size_t(x.size()));
  load_as<double>(x.dtype(), x.raw(), 0, x.size(), out.data());
  return out;
}

void expect_same(const Tensor& got, const Tensor& expected) {
  ASSERT_EQ(describe(got), describe(expected));
  const std::vector<double> a = numbers(got), b = numbers(expected);
  for (size_t i = 0; i < a.size(); ++i)
    if (!(std::isnan(a[i]) && std::isnan(b[i]))) EXPECT_EQ(a[i], b[i]) << "at " << i;
}

/// The plan's text of the last run.
std::string check(const Case& c, const char* backend, bool symbols, bool constants, bool optimised) {
  SCOPED_TRACE(std::string(c.op) + " of " + describe(c.x) + " on " + backend + (symbols ? ", symbols" : "") +
               (constants ? ", constant weights" : "") + (optimised ? ", optimised" : ""));
  const Graph graph = graph_of(c, symbols, constants);
  Inputs inputs{{"x", c.x}};
  for (size_t i = 0; !constants && i < c.others.size(); ++i) inputs.emplace_back("w" + std::to_string(i), c.others[i]);
  Bindings bindings;
  for (size_t d = 0; d < c.x.shape().size(); ++d) bindings["d" + std::to_string(d)] = c.x.shape()[d];
  const Fact& fact = graph.fact(graph.outputs[0]);
  EXPECT_TRUE(fact.shape && fact.shape->size() == c.expected.shape().size());
  for (size_t d = 0; d < fact.shape->size(); ++d)
    EXPECT_EQ((*fact.shape)[d].evaluate(bindings), c.expected.shape()[d]) << "inferred " << fact.text();
  const auto session = make_session(graph, {.backends = {backend}, .threads = 2, .optimise = optimised});
  EXPECT_TRUE(session) << session.error().what();
  if (!session) return "";
  const auto out = run_session(**session, inputs, {});
  EXPECT_TRUE(out) << out.error().what();
  if (!out) return "";
  if (backend == std::string_view("null"))
    EXPECT_EQ(describe((*out)[0].tensor()), describe(c.expected));
  else
    expect_same((*out)[0].tensor(), c.expected);
  return (*session)->regions.empty() ? "" : (*session)->regions[0].executable->plan_text();
}

std::string check(const Case& c) {
  std::string plans;
  for (const char* backend : {"reference", "null", "native"})
    for (int variant = 0; variant < 8; ++variant) plans += check(c, backend, variant & 1, variant & 2, variant & 4);
  return plans;
}

constexpr double kNone = -INFINITY;

// Sizes, and zeros of Conv: ONNX Runtime 1.31 (1-D, pads 2); of the other convolutions: their definition.
TEST(Windows, ConvolutionsOfAnEmptyAxisAreTheirBias) {
  const Tensor bias = of({2}, {3, -1});
  const Attributes plane{{"pads", Ints{2, 1, 2, 1}}}, line{{"pads", Ints{2, 2}}}, groups{{"pads", Ints{2, 1, 2, 1}}, {"group", int64_t{2}}};
  std::string plans;
  plans += check({"Conv", of({1, 1, 0}, {0}), {of({1, 1, 3}, {1})}, line, of({1, 1, 2}, {0})});
  plans += check({"Conv", of({1, 1, 0}, {0}), {of({2, 1, 3}, {1}), bias}, line, of({1, 2, 2}, {3, 3, -1})});
  plans += check({"Conv", of({1, 3, 0, 2}, {0}), {of({2, 3, 3, 3}, {1}), bias}, plane, of({1, 2, 2, 2}, {3, 3, 3, 3, -1})});
  plans += check({"Conv", of({1, 3, 2, 0}, {0}), {of({2, 3, 3, 1}, {1}), bias}, plane, of({1, 2, 4, 2}, {3, 3, 3, 3, 3, 3, 3, 3, -1})});
  plans += check({"Conv", of({1, 2, 0, 2}, {0}), {of({2, 1, 3, 3}, {1}), bias}, groups, of({1, 2, 2, 2}, {3, 3, 3, 3, -1})});
  plans += check({"Conv", of({1, 2, 2, 0}, {0}), {of({2, 1, 3, 1}, {1}), bias}, groups, of({1, 2, 4, 2}, {3, 3, 3, 3, 3, 3, 3, 3, -1})});
  plans += check({"Conv", of({1, 4, 0, 0}, {0}), {of({2, 2, 2, 2}, {1}), bias}, groups, of({1, 2, 3, 1}, {3, 3, 3, -1})});
  for (const char* kernel : {"conv\t", "conv_from_planes", "depthwise_last"})
    EXPECT_NE(plans.find(kernel), std::string::npos) << kernel << " did not run:\n" << plans;
}

TEST(Windows, ImagesWithChannelsLastMayBeEmptyToo) {
  Graph graph;
  Builder b(graph);
  const Edge x = graph.add_input("x", Fact::tensor(DType::float32, SymShape{1, 3, SymDim::symbol("d"), 2}));
  const Edge first = b.add("Conv", {x, b.constant(of({4, 3, 1, 1}, {1}))});
  const Edge second = b.add("Conv", {first, b.constant(of({2, 4, 3, 3}, {1})), b.constant(of({2}, {3, -1}))}, {{"pads", Ints{2, 1, 2, 1}}});
  graph.add_output(second, "y");
  const Attributes padded{{"kernel_shape", Ints{3, 1}}, {"pads", Ints{2, 0, 2, 0}}, {"count_include_pad", int64_t{1}}};
  const Edge mean =
      b.add("AveragePool", {b.add("Relu", {b.add("Conv", {x, b.constant(of({20, 3, 3, 3}, {1}))}, {{"pads", Ints{1, 1, 1, 1}}})})}, padded);
  graph.add_output(b.add("Conv", {mean, b.constant(of({2, 20, 1, 1}, {1})), b.constant(of({2}, {5, -2}))}), "z");
  const auto session = make_session(graph, {.backends = {"native"}});
  ASSERT_TRUE(session) << session.error().what();
  const auto out = run_session(**session, {{"x", of({1, 3, 0, 2}, {0})}}, {});
  ASSERT_TRUE(out) << out.error().what();
  expect_same((*out)[0].tensor(), of({1, 2, 2, 2}, {3, 3, 3, 3, -1}));
  expect_same((*out)[1].tensor(), of({1, 2, 2, 2}, {5, 5, 5, 5, -2}));
  const std::string plan = (*session)->regions[0].executable->plan_text();
  EXPECT_NE(plan.find("conv_last"), std::string::npos) << plan;
}

TEST(Windows, WindowsThatJustDoNotFitGiveNoResult) {  // as onnx infers and ONNX Runtime's MaxPool has it
  check({"Conv", of({1, 1, 0}, {0}), {of({1, 1, 3}, {1})}, {{"pads", Ints{1, 1}}}, of({1, 1, 0}, {0})});
  check({"Conv", of({1, 1, 2}, {0}), {of({1, 1, 3}, {1})}, {}, of({1, 1, 0}, {0})});
  check({"MaxPool", of({1, 1, 2}, {0}), {}, {{"kernel_shape", Ints{3}}}, of({1, 1, 0}, {0})});
  check(
      {"Conv", of({1, 2, 0, 3}, {0}), {of({2, 1, 3, 3}, {1})}, {{"pads", Ints{1, 1, 1, 1}}, {"group", int64_t{2}}}, of({1, 2, 0, 3}, {0})});
  check({"Conv", of({1, 1, 0}, {0}), {of({1, 1, 3}, {1})}, {{"auto_pad", "SAME_UPPER"}}, of({1, 1, 0}, {0})});
}

TEST(Windows, ConvolutionsOfCodesSeeTheZeroPointAlone) {
  const auto byte = [](double value) { return of(DType::uint8, {}, {value}); };
  const Attributes plane{{"pads", Ints{2, 1, 2, 1}}}, groups{{"pads", Ints{2, 1, 2, 1}}, {"group", int64_t{2}}};
  check({"ConvInteger",
         of(DType::uint8, {1, 1, 0}, {0}),
         {of(DType::uint8, {1, 1, 3}, {9}), byte(7), byte(2)},
         {{"pads", Ints{2, 2}}},
         of(DType::int32, {1, 1, 2}, {0})});
  std::string plans;
  for (DType dtype : {DType::uint8, DType::int8}) {
    const auto conv = [&](Shape x, Shape w, const Attributes& attributes, Tensor y) {
      const std::vector<Tensor> others{
          of({}, {0.5}), of(dtype, {}, {5}),   of(DType::int8, w, {9}),        of({}, {0.5}), of(DType::int8, {}, {0}),
          of({}, {1}),   of(dtype, {}, {100}), of(DType::int32, {2}, {8, -40})};
      plans += check({"QLinearConv", of(dtype, std::move(x), {0}), others, attributes, std::move(y)});
    };
    conv({1, 3, 0, 2}, {2, 3, 3, 3}, plane, of(dtype, {1, 2, 2, 2}, {102, 102, 102, 102, 90}));
    conv({1, 3, 2, 0}, {2, 3, 3, 1}, plane, of(dtype, {1, 2, 4, 2}, {102, 102, 102, 102, 102, 102, 102, 102, 90}));
    conv({1, 2, 0, 2}, {2, 1, 3, 3}, groups, of(dtype, {1, 2, 2, 2}, {102, 102, 102, 102, 90}));
  }
  for (const char* kernel : {"conv_codes", "depthwise_codes"}) EXPECT_NE(plans.find(kernel), std::string::npos) << kernel << " did not run";
}

TEST(Windows, TransposedConvolutionsOfAnEmptyAxisAreTheirBias) {
  const Tensor bias = of({2}, {3, -1});
  check({"ConvTranspose", of({1, 1, 0}, {0}), {of({1, 2, 3}, {1}), bias}, {}, of({1, 2, 2}, {3, 3, -1})});
  check({"ConvTranspose", of({1, 1, 0, 1}, {0}), {of({1, 2, 3, 2}, {1}), bias}, {{"strides", Ints{2, 1}}}, of({1, 2, 1, 2}, {3, 3, -1})});
}

// AveragePool and LpPool: onnx 1.22's reference. MaxPool: ours to decide (others refuse it).
TEST(Windows, PoolsOfPaddingAlone) {
  const Attributes line{{"kernel_shape", Ints{3}}, {"pads", Ints{2, 2}}}, plane{{"kernel_shape", Ints{3, 1}}, {"pads", Ints{2, 0, 2, 0}}};
  Attributes counted = line, wide = plane;
  counted.set("count_include_pad", int64_t{1}), wide.set("count_include_pad", int64_t{1});
  std::string plans;
  for (const auto& [attributes, padded, x, y] :
       {std::tuple(line, counted, Shape{1, 2, 0}, Shape{1, 2, 2}), std::tuple(plane, wide, Shape{1, 2, 0, 3}, Shape{1, 2, 2, 3})}) {
    plans += check({"MaxPool", of(x, {0}), {}, attributes, of(y, {kNone})});
    check({"MaxPool", of(DType::uint8, x, {0}), {}, attributes, of(DType::uint8, y, {0})});
    check({"MaxPool", of(DType::int8, x, {0}), {}, attributes, of(DType::int8, y, {-128})});
    check({"AveragePool", of(x, {0}), {}, attributes, of(y, {NAN})});
    check({"AveragePool", of(x, {0}), {}, padded, of(y, {0})});
    check({"LpPool", of(x, {0}), {}, attributes, of(y, {0})});
    const std::vector<Tensor> scales{of({}, {0.5}), of(DType::uint8, {}, {3}), of({}, {0.25}), of(DType::uint8, {}, {7})};
    check({"QLinearAveragePool", of(DType::uint8, x, {0}), scales, attributes, of(DType::uint8, y, {0}), "nacre"});
    check({"QLinearAveragePool", of(DType::uint8, x, {0}), scales, padded, of(DType::uint8, y, {7}), "nacre"});
  }
  EXPECT_NE(plans.find("pool"), std::string::npos);
}

TEST(Windows, MaxPoolOfPaddingAloneIsNowhere) {
  for (int64_t order : {0, 1}) {
    const Case c{
        "MaxPool", of({1, 2, 0, 3}, {0}), {}, {{"kernel_shape", Ints{3, 1}}, {"pads", Ints{2, 0, 2, 0}}, {"storage_order", order}}, {}};
    Graph graph;
    Builder b(graph);
    const Edge x = graph.add_input("x", Fact::tensor(DType::float32, symbolic(c.x.shape())));
    Node node;
    node.op = find_op("", "MaxPool"), node.inputs = {x}, node.attributes = c.attributes,
    node.outputs = {graph.add_edge(), graph.add_edge()};
    const Edge where = node.outputs[1];
    b.append(std::move(node));
    graph.add_output(where, "where");
    for (const char* backend : {"reference", "native"}) {
      const auto session = make_session(graph, {.backends = {backend}});
      ASSERT_TRUE(session) << session.error().what();
      const auto out = run_session(**session, {{"x", c.x}}, {});
      ASSERT_TRUE(out) << out.error().what();
      expect_same((*out)[0].tensor(), of(DType::int64, {1, 2, 2, 3}, {-1}));
    }
  }
}

}  // namespace
}  // namespace nacre
