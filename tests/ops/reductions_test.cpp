// Expected values are numpy's.
#include <limits>

#include "tests/ops/harness.h"

namespace nacre::test {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInf = std::numeric_limits<float>::infinity();
const Attributes kDrop{{"keepdims", int64_t{0}}};

Tensor cube() { return f32({2, 2, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}); }

TEST(Reduce, OverAnyAxes) {
  expect_equal(run_op("ReduceSum", {cube(), i64({1}, {1})}), f32({2, 1, 3}, {5, 7, 9, 17, 19, 21}));
  expect_equal(run_op("ReduceSum", {cube(), i64({2}, {0, -1})}, kDrop), f32({2}, {30, 48}));
  expect_equal(run_op("ReduceMean", {cube()}), f32({1, 1, 1}, {6.5}));
  expect_equal(run_op("ReduceMax", {cube(), i64({1}, {-1})}, kDrop), f32({2, 2}, {3, 6, 9, 12}));
  expect_equal(run_op("ReduceProd", {i32({4}, {1, 2, 3, 4})}, kDrop), i32({}, {24}));
  expect_equal(run_op("ReduceL1", {i64({2, 2}, {-1, 2, -3, 4}), i64({1}, {0})}), i64({1, 2}, {4, 6}));
  expect_close(run_op("ReduceL2", {f32({2}, {3, 4})}), f32({1}, {5}));
  expect_equal(run_op("ReduceL2", {i32({2}, {1, 2})}), i32({1}, {2}));
  expect_close(run_op("ReduceLogSum", {f32({2}, {3, 4})}), f32({1}, {1.9459101f}));
  expect_equal(run_op("ReduceSumSquare", {f64({2}, {3, 4})}), f64({1}, {25}));
}
TEST(Reduce, LogSumExpDoesNotOverflow) {
  expect_close(run_op("ReduceLogSumExp", {f32({3}, {1000, 1000, -1000})}), f32({1}, {1000.6931f}));
  expect_equal(run_op("ReduceLogSumExp", {f32({2, 2}, {kInf, 0, -kInf, -kInf}), i64({1}, {1})}, kDrop), f32({2}, {kInf, -kInf}));
  expect_equal(run_op("ReduceLogSumExp", {f32({3}, {1, kNan, 2})}, kDrop), f32({}, {kNan}));
}
TEST(Reduce, NanWins) {
  expect_equal(run_op("ReduceMax", {f32({3}, {1, kNan, 2})}, kDrop), f32({}, {kNan}));
  expect_equal(run_op("ReduceMin", {f32({2, 2}, {1, kNan, 2, 0}), i64({1}, {0})}, kDrop), f32({2}, {1, kNan}));
}
TEST(Reduce, EmptyAxesMeanAllOrNone) {
  expect_equal(run_op("ReduceSum", {f32({2}, {1, 2}), i64({0}, {})}), f32({1}, {3}));
  const Attributes noop{{"noop_with_empty_axes", int64_t{1}}};
  expect_equal(run_op("ReduceSum", {f32({2}, {1, 2}), i64({0}, {})}, noop), f32({2}, {1, 2}));
  expect_equal(run_op("ReduceSumSquare", {f32({2}, {1, 2})}, noop), f32({2}, {1, 4}));
}
TEST(Reduce, OverNothing) {
  const Inputs none{f32({2, 0}, {}), i64({1}, {1})};
  expect_equal(run_op("ReduceSum", none, kDrop), f32({2}, {0, 0}));
  expect_equal(run_op("ReduceProd", none, kDrop), f32({2}, {1, 1}));
  expect_equal(run_op("ReduceMax", none, kDrop), f32({2}, {-kInf, -kInf}));
  expect_equal(run_op("ReduceLogSumExp", none, kDrop), f32({2}, {-kInf, -kInf}));
  expect_equal(run_op("ReduceMean", none, kDrop), f32({2}, {kNan, kNan}));
  expect_equal(run_op("ReduceMin", {of(DType::int8, {0}, {})}, kDrop), of(DType::int8, {}, {127}));
  expect_equal(run_op("ReduceMin", {u8({0}, {})}, kDrop), u8({}, {255}));
  expect_equal(run_op("ReduceMax", {bools({0}, {})}, kDrop), bools({}, {false}));
  expect_equal(run_op("ReduceSum", {f32({0, 3}, {}), i64({1}, {1})}), f32({0, 1}, {}));
}
TEST(Reduce, Opset11AxesAreAnAttribute) {
  const OpCase c{.op = "ReduceSum", .inputs = {cube()}, .attributes = {{"axes", std::vector<int64_t>{0, 2}}}, .version = 11};
  expect_equal(run_op(c), f32({1, 2, 1}, {30, 48}));
}
TEST(Reduce, AxisOutsideIsRefused) { expect_failure(run_op("ReduceSum", {cube(), i64({1}, {3})}), ErrorCode::invalid_argument, "axis 3"); }
TEST(Reduce, LongSumsKeepTheirDigits) {
  std::vector<float> values(1 << 20, 0.1f);
  expect_equal(run_op("ReduceSum", {f32({1 << 20}, std::move(values))}, kDrop), f32({}, {104857.6016f}));
}
TEST(Reduce, ScratchIsChargedBeforeItIsTaken) {
  MemoryBudget budget(1 << 20);
  const OpCase c{.op = "ReduceSum", .inputs = {f32({int64_t{1} << 40, 0}, {}), i64({1}, {1})}};
  expect_failure(run_case(c, Given::shapes, &budget), ErrorCode::resource_exhausted);
}
TEST(TrackedValues, ReduceProdOfAShapeIsASymbolicProduct) {
  Graph graph;
  Builder b(graph);
  Fact fact = Fact::tensor(DType::int64, SymShape{SymDim(2)});
  fact.values = std::make_shared<const std::vector<SymDim>>(std::vector<SymDim>{SymDim::symbol("n"), SymDim(4)});
  const Edge size = b.add("ReduceProd", {graph.add_input("shape", fact)}, kDrop);
  ASSERT_TRUE(graph.fact(size).values);
  EXPECT_EQ((*graph.fact(size).values)[0], SymDim::symbol("n") * 4);
}

TEST(ArgMax, TheFirstOfEqualsOrTheLast) {
  const Tensor x = f32({2, 3}, {2, 2, 1, 3, 10, 10});
  expect_equal(run_op("ArgMax", {x}, {{"axis", int64_t{1}}}), i64({2, 1}, {0, 1}));
  expect_equal(run_op("ArgMax", {x}, {{"axis", int64_t{1}}, {"select_last_index", int64_t{1}}, {"keepdims", int64_t{0}}}),
               i64({2}, {1, 2}));
  expect_equal(run_op("ArgMin", {x}, {{"keepdims", int64_t{0}}}), i64({3}, {0, 0, 0}));
}
TEST(ArgMax, NanIsTheLargest) {
  expect_equal(run_op("ArgMax", {f32({4}, {1, kNan, 5, kNan})}, kDrop), i64({}, {1}));
  expect_equal(run_op("ArgMin", {f32({3}, {1, kNan, 0})}, kDrop), i64({}, {1}));
}
TEST(ArgMax, OfAnEmptyAxisIsRefused) {
  expect_failure(run_op("ArgMax", {f32({2, 0}, {})}, {{"axis", int64_t{1}}}), ErrorCode::invalid_argument, "empty");
}

TEST(CumSum, ExclusiveAndReverse) {
  const Inputs inputs{f32({3}, {1, 2, 3}), i64({}, {0})};
  expect_equal(run_op("CumSum", inputs), f32({3}, {1, 3, 6}));
  expect_equal(run_op("CumSum", inputs, {{"exclusive", int64_t{1}}}), f32({3}, {0, 1, 3}));
  expect_equal(run_op("CumSum", inputs, {{"reverse", int64_t{1}}}), f32({3}, {6, 5, 3}));
  expect_equal(run_op("CumSum", {i32({2, 2}, {1, 2, 3, 4}), i32({1}, {-2})}), i32({2, 2}, {1, 2, 4, 6}));
  expect_equal(run_op("CumProd", inputs, {{"exclusive", int64_t{1}}, {"reverse", int64_t{1}}}), f32({3}, {6, 3, 1}));
}

}  // namespace
}  // namespace nacre::test
