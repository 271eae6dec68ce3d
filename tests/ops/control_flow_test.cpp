// If, Loop, Scan and the sequence operators: bodies run, carried facts settle, bombs meet the budget.
#include "tests/ops/harness.h"

namespace nacre::test {
namespace {

// A body written as a function of its formal inputs.
template <class F>
Body body(std::string name, size_t inputs, F f) {
  Graph graph;
  std::vector<Edge> formal;
  for (size_t i = 0; i < inputs; ++i) formal.push_back(graph.add_input(cat(name, "_in", i), Fact{}));
  Builder builder(graph);
  const std::vector<Edge> results = f(builder, formal);
  for (size_t i = 0; i < results.size(); ++i) graph.add_output(results[i], cat(name, "_out", i));
  return Body(std::move(name), std::move(graph));
}

// A node without inference: the body's edges have no facts before the outer node is inferred.
Edge raw(Builder& b, const char* op, std::vector<Edge> inputs, Attributes attributes = {}) {
  Node node;
  node.op = find_op("", op);
  node.inputs = std::move(inputs);
  node.attributes = std::move(attributes);
  node.outputs = {b.graph().add_edge()};
  b.graph().nodes.push_back(node);
  return node.outputs[0];
}

TEST(If, TakesTheBranchOfTheCondition) {
  auto constant = [](std::string name, float value) {
    return body(std::move(name), 0,
                [&](Builder& b, auto&) { return std::vector<Edge>{raw(b, "Constant", {}, {{"value", f32({1}, {value})}})}; });
  };
  for (bool taken : {true, false}) {
    const OpCase c{.op = "If", .inputs = {bools({1}, {taken})}, .bodies = {constant("else_branch", 2), constant("then_branch", 1)}};
    expect_equal(run_op(c), f32({1}, {taken ? 1.f : 2.f}));
  }
}

// sum = 0; for i in 0..n: sum += i; scan out sum.
OpCase counting_loop(std::optional<Value> trips, std::optional<Value> condition) {
  Body sums = body("body", 3, [](Builder& b, const std::vector<Edge>& in) {
    const Edge sum = raw(b, "Add", {in[2], in[0]});
    return std::vector<Edge>{in[1], sum, sum};
  });
  return OpCase{.op = "Loop", .inputs = {std::move(trips), std::move(condition), i64({}, {0})}, .outputs = 2, .bodies = {std::move(sums)}};
}

TEST(Loop, CarriesValuesAndStacksScanOutputs) {
  const Outputs four = run_op(counting_loop(i64({}, {4}), bools({}, {true})));
  expect_equal(four, i64({}, {6}));
  expect_equal(four, i64({4}, {0, 1, 3, 6}), 1);
  expect_equal(run_op(counting_loop(i64({}, {4}), std::nullopt)), i64({4}, {0, 1, 3, 6}), 1);
}

TEST(Loop, WithoutAnyTripGivesInitialValuesAndEmptyScans) {
  const Outputs none = run_op(counting_loop(i64({}, {0}), bools({}, {true})));
  expect_equal(none, i64({}, {0}));
  expect_equal(none, i64({0}, {}), 1);
  expect_equal(run_op(counting_loop(i64({}, {9}), bools({}, {false}))), i64({0}, {}), 1);
}

TEST(Loop, GrowingScanOutputsMeetTheBudget) {
  MemoryBudget budget(1 << 20);
  const Outputs bomb = run_case(counting_loop(i64({}, {int64_t{1} << 62}), bools({}, {true})), Given::shapes, &budget);
  expect_failure(bomb, ErrorCode::resource_exhausted);
}

TEST(Loop, CarriedDimThatGrowsBecomesUnknown) {
  Body grows = body("body", 3, [](Builder& b, const std::vector<Edge>& in) {
    return std::vector<Edge>{in[1], raw(b, "Concat", {in[2], in[2]}, {{"axis", int64_t{1}}})};
  });
  const OpCase c{.op = "Loop", .inputs = {i64({}, {3}), bools({}, {true}), f32({2, 1}, {1, 2})}, .bodies = {grows}};
  expect_equal(run_op(c), f32({2, 8}, {1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2}));
  const Built built = *build(c, Given::shapes);
  const std::string fact = built.graph.fact(built.graph.outputs[0]).text();
  EXPECT_TRUE(fact.starts_with("float32[2,?")) << fact;
}

OpCase running_sum(int64_t version) {
  Body sums = body("body", 2, [](Builder& b, const std::vector<Edge>& in) {
    const Edge sum = raw(b, "Add", {in[0], in[1]});
    return std::vector<Edge>{sum, raw(b, "Mish", {sum})};
  });
  return OpCase{
      .op = "Scan", .attributes = {{"num_scan_inputs", int64_t{1}}}, .outputs = 2, .version = version, .bodies = {std::move(sums)}};
}

TEST(Scan, AxesAndDirections) {
  OpCase c = running_sum(25);
  c.inputs = {f32({2}, {0, 10}), f32({2, 3}, {1, 2, 3, 4, 5, 6})};
  c.attributes.set("scan_input_axes", std::vector<int64_t>{-1});
  c.attributes.set("scan_output_axes", std::vector<int64_t>{1});
  c.attributes.set("scan_input_directions", std::vector<int64_t>{1});
  c.attributes.set("scan_output_directions", std::vector<int64_t>{1});
  const Outputs got = run_op(c);
  expect_equal(got, f32({2}, {6, 25}));
  // mish of the sums 3 5 6 / 16 21 25, last one first
  expect_close(got, f32({2, 3}, {5.99996334f, 4.99955208f, 2.98653500f, 25, 21, 16}), 1e-5, 1e-5, 1);
}

TEST(Scan, OpsetEightScansAxisOneOfABatch) {
  OpCase c = running_sum(8);
  c.inputs = {std::nullopt, f32({2, 1}, {0, 10}), f32({2, 3, 1}, {1, 2, 3, 4, 5, 6})};
  const Outputs got = run_op(c);
  expect_equal(got, f32({2, 1}, {6, 25}));
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(describe((*got)[1].tensor()), "float32[2,3,1]");
}

TEST(Sequences, InsertEraseAtAndBackToTensors) {
  const Value sequence = Value::sequence({f32({2}, {1, 2}), f32({2}, {3, 4})});
  expect_equal(run_op("SequenceAt", {sequence, i64({}, {-1})}), f32({2}, {3, 4}));
  expect_equal(run_op("SequenceLength", {sequence}), i64({}, {2}));
  expect_equal(run_op("ConcatFromSequence", {sequence}, {{"axis", int64_t{0}}}), f32({4}, {1, 2, 3, 4}));
  expect_equal(run_op("ConcatFromSequence", {sequence}, {{"axis", int64_t{-1}}, {"new_axis", int64_t{1}}}), f32({2, 2}, {1, 3, 2, 4}));
  const Outputs inserted = run_op("SequenceInsert", {sequence, f32({1}, {9}), i64({}, {-2})});
  ASSERT_TRUE(inserted.has_value());
  expect_close((*inserted)[0].items()[0].tensor(), f32({1}, {9}));
  EXPECT_EQ((*run_op("SequenceErase", {sequence}))[0].items().size(), 1u);
  expect_failure(run_op("SequenceAt", {sequence, i64({}, {2})}), ErrorCode::invalid_argument);
  expect_failure(run_op("SequenceInsert", {sequence, f32({1}, {9}), i64({}, {3})}), ErrorCode::invalid_argument, "outside");
  expect_failure(run_op("SequenceInsert", {sequence, i64({1}, {9})}), ErrorCode::invalid_model, "cannot put int64[1] into seq(float32");
  const Value maps = Value::sequence({Value::map(i64({1}, {1}), f32({1}, {1}))});
  expect_failure(run_op("SequenceInsert", {maps, f32({1}, {9})}), ErrorCode::invalid_model, "cannot put float32[1] into seq(map");
}

TEST(SplitToSequence, SlicesPartsAndLengths) {
  const Tensor x = f32({3, 2}, {1, 2, 3, 4, 5, 6});
  const Outputs slices = run_op("SplitToSequence", {x}, {{"keepdims", int64_t{0}}});
  ASSERT_TRUE(slices.has_value());
  ASSERT_EQ((*slices)[0].items().size(), 3u);
  expect_close((*slices)[0].items()[1].tensor(), f32({2}, {3, 4}));
  const Outputs parts = run_op("SplitToSequence", {x, i64({}, {2})});
  ASSERT_EQ((*parts)[0].items().size(), 2u);
  expect_close((*parts)[0].items()[1].tensor(), f32({1, 2}, {5, 6}));
  expect_failure(run_op("SplitToSequence", {x, i64({2}, {1, 1})}), ErrorCode::invalid_argument, "sum");
}

TEST(SplitToSequence, ItemsKeepTheDimsThatAllOfThemHave) {
  Graph graph;
  Builder b(graph);
  const Edge x = graph.add_input("x", Fact::tensor(DType::float32, SymShape{SymDim::symbol("n"), SymDim::symbol("m")}));
  const Edge first = b.constant(Tensor::scalar<int64_t>(0)), two = b.constant(Tensor::scalar<int64_t>(2));
  const Edge slice = b.add("SequenceAt", {b.add("SplitToSequence", {x}, {{"keepdims", int64_t{0}}}), first});
  EXPECT_EQ(graph.fact(slice).text(), "float32[m]");
  const Edge parts = b.add("SplitToSequence", {x, two});
  const SymShape one = *graph.fact(b.add("SequenceAt", {parts, first})).shape, other = *graph.fact(b.add("SequenceAt", {parts, two})).shape;
  EXPECT_TRUE(one[1] == SymDim::symbol("m"));
  EXPECT_FALSE(one[0] == other[0]) << "the last part may be shorter";
}

TEST(Optional, EmptyFullAndAbsent) {
  expect_equal(run_op("OptionalHasElement", {Value::optional()}), bools({}, {false}));
  expect_equal(run_op("OptionalHasElement", {Value::optional(f32({}, {1}))}), bools({}, {true}));
  expect_equal(run_op("OptionalHasElement", {}), bools({}, {false}));
  expect_equal(run_op("OptionalGetElement", {Value::optional(f32({}, {1}))}), f32({}, {1}));
  expect_failure(run_op("OptionalGetElement", {Value::optional()}), ErrorCode::invalid_argument, "holds nothing");
}

}  // namespace
}  // namespace nacre::test
