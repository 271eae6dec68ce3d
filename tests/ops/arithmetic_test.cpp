// Expected values are numpy's.
#include <limits>

#include "tests/ops/harness.h"

namespace nacre::test {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInf = std::numeric_limits<float>::infinity();
constexpr int64_t kLowest = std::numeric_limits<int64_t>::min();

TEST(Add, BroadcastsBothSides) {
  expect_equal(run_op("Add", {f32({2, 1}, {1, 2}), f32({3}, {10, 20, 30})}), f32({2, 3}, {11, 21, 31, 12, 22, 32}));
}
TEST(Add, IntegersWrap) {
  expect_equal(run_op("Add", {i64({}, {std::numeric_limits<int64_t>::max()}), i64({}, {1})}), i64({}, {kLowest}));
  expect_equal(run_op("Add", {u8({1}, {250}), u8({1}, {10})}), u8({1}, {4}));
}
TEST(Add, Opset6AxisAlignsTheSecondInput) {
  const OpCase c{.op = "Add",
                 .inputs = {f32({1, 2, 2}, {1, 2, 3, 4}), f32({2}, {10, 20})},
                 .attributes = {{"axis", int64_t{1}}, {"broadcast", int64_t{1}}},
                 .version = 6};
  expect_equal(run_op(c), f32({1, 2, 2}, {11, 12, 23, 24}));
}
TEST(Add, ShapesThatCannotBroadcastAreRefused) {
  expect_failure(run_op("Add", {f32({2}, {1, 2}), f32({3}, {1, 2, 3})}), ErrorCode::invalid_argument, "2 against 3");
}
TEST(Add, HalfPrecisionRoundsOnce) {
  expect_equal(run_op("Add", {of(DType::float16, {1}, {2048}), of(DType::float16, {1}, {1})}), of(DType::float16, {1}, {2048}));
}

TEST(Div, IntegersTruncateTowardsZero) {
  expect_equal(run_op("Div", {i64({4}, {7, -7, 7, -7}), i64({4}, {2, 2, -2, -2})}), i64({4}, {3, -3, -3, 3}));
}
TEST(Div, SmallestIntegerByMinusOneWraps) {
  expect_equal(run_op("Div", {i64({1}, {kLowest}), i64({1}, {-1})}), i64({1}, {kLowest}));
  expect_equal(run_op("Mod", {i64({1}, {kLowest}), i64({1}, {-1})}), i64({1}, {0}));
}
TEST(Div, IntegerZeroDivisorIsAnError) {
  for (std::string_view op : {"Div", "Mod"})
    expect_failure(run_op(op, {i32({2}, {1, 2}), i32({2}, {1, 0})}), ErrorCode::invalid_argument, "element 1");
}
TEST(Div, FloatZeroDivisorGivesInfinity) {
  expect_equal(run_op("Div", {f32({3}, {1, -1, 0}), f32({}, {0})}), f32({3}, {kInf, -kInf, kNan}));
}

TEST(Mod, SignFollowsTheDivisor) {
  expect_equal(run_op("Mod", {i64({4}, {-4, 7, 5, -8}), i64({4}, {3, -3, 8, 3})}), i64({4}, {2, -2, 5, 1}));
}
TEST(Mod, FmodSignFollowsTheDividend) {
  expect_equal(run_op("Mod", {i64({2}, {-4, 7}), i64({2}, {3, -3})}, {{"fmod", int64_t{1}}}), i64({2}, {-1, 1}));
  expect_close(run_op("Mod", {f32({2}, {-4.3f, 7.2f}), f32({2}, {2.1f, -3.4f})}, {{"fmod", int64_t{1}}}), f32({2}, {-0.1f, 0.4f}), 1e-4);
}

TEST(Pow, ExponentMayHaveAnotherType) {
  expect_equal(run_op("Pow", {f32({3}, {1, 2, 3}), i64({3}, {4, 5, 6})}), f32({3}, {1, 32, 729}));
  expect_equal(run_op("Pow", {i64({3}, {1, 2, 3}), f32({3}, {4, 5, 6})}), i64({3}, {1, 32, 729}));
  expect_equal(run_op("Pow", {i32({3}, {1, 2, -1}), i32({3}, {-4, -5, -3})}), i32({3}, {1, 0, -1}));
}

TEST(Neg, KeepsTheSignOfZero) {
  const Outputs out = run_op("Neg", {f32({1}, {0})});
  ASSERT_TRUE(out.has_value());
  EXPECT_TRUE(std::signbit((*out)[0].tensor().data<float>()[0]));
}
TEST(Abs, SmallestIntegerStays) {
  expect_equal(run_op("Abs", {i64({3}, {-5, 0, kLowest})}), i64({3}, {5, 0, kLowest}));
  expect_equal(run_op("Abs", {f32({3}, {-kInf, kNan, -2})}), f32({3}, {kInf, kNan, 2}));
}
TEST(Sign, OfNanIsNan) { expect_equal(run_op("Sign", {f32({4}, {-2, 0, 5, kNan})}), f32({4}, {-1, 0, 1, kNan})); }
TEST(Round, HalvesGoToTheEvenInteger) {
  expect_equal(run_op("Round", {f32({6}, {0.5, 1.5, 2.5, -0.5, -1.5, 2.6f})}), f32({6}, {0, 2, 2, -0.f, -2, 3}));
}
TEST(Erf, MatchesTables) {
  expect_close(run_op("Erf", {f64({3}, {0.5, 1, -2})}), f64({3}, {0.5204998778130465, 0.8427007929497149, -0.9953222650189527}), 1e-14);
}

TEST(Max, NanWins) {
  expect_equal(run_op("Max", {f32({3}, {1, kNan, 3}), f32({3}, {kNan, 2, 4})}), f32({3}, {kNan, kNan, 4}));
  expect_equal(run_op("Min", {f32({2, 1}, {1, 5}), f32({2}, {2, 3}), f32({}, {4})}), f32({2, 2}, {1, 1, 2, 3}));
}
TEST(Mean, AveragesBroadcastInputs) {
  expect_equal(run_op("Mean", {f32({2}, {1, 2}), f32({}, {3}), f32({2, 1}, {5, 8})}), f32({2, 2}, {3, 10 / 3.f, 4, 13 / 3.f}));
  expect_equal(run_op("Sum", {of(DType::float16, {2}, {1, 2})}), of(DType::float16, {2}, {1, 2}));
}

TEST(Clip, BoundsMayBeAbsentAndTheUpperOneWins) {
  expect_equal(run_op("Clip", {f32({3}, {-5, kNan, 5}), {}, f32({}, {2})}), f32({3}, {-5, kNan, 2}));
  expect_equal(run_op("Clip", {i32({3}, {-5, 0, 5}), i32({}, {2}), i32({}, {1})}), i32({3}, {1, 1, 1}));
}
TEST(Clip, Opset6BoundsAreAttributes) {
  expect_equal(run_op(OpCase{.op = "Clip", .inputs = {f32({3}, {-5, 0, 5})}, .attributes = {{"max", 1.5f}}, .version = 6}),
               f32({3}, {-5, 0, 1.5}));
}
TEST(Clip, BoundMustBeOneNumber) {
  expect_failure(run_op("Clip", {f32({1}, {1}), f32({2}, {1, 2})}), ErrorCode::invalid_argument, "not one number");
}

TEST(Where, PicksFromAnyType) {
  expect_equal(run_op("Where", {bools({2, 1}, {true, false}), strings({2}, {"a", "b"}), strings({}, {"c"})}),
               strings({2, 2}, {"a", "b", "c", "c"}));
  expect_equal(run_op("Where", {bools({2}, {true, false}), i64({2}, {1, 2}), i64({2}, {3, 4})}), i64({2}, {1, 4}));
}
TEST(PRelu, SlopeBroadcastsToTheInput) {
  expect_equal(run_op("PRelu", {f32({2, 2}, {-1, 2, -3, -4}), f32({2, 1}, {0.5, 2})}), f32({2, 2}, {-0.5, 2, -6, -8}));
  expect_failure(run_op("PRelu", {f32({1}, {1}), f32({2}, {1, 2})}), ErrorCode::invalid_argument, "slope");
}
TEST(PRelu, Opset6SlopePerChannel) {
  expect_equal(run_op(OpCase{.op = "PRelu", .inputs = {f32({1, 2, 2}, {-1, 2, -3, -4}), f32({2}, {0.5, 2})}, .version = 6}),
               f32({1, 2, 2}, {-0.5, 2, -6, -8}));
}
TEST(IsInf, SignsAreChosen) {
  const Tensor x = f32({4}, {kInf, -kInf, kNan, 1});
  expect_equal(run_op("IsInf", {x}), bools({4}, {true, true, false, false}));
  expect_equal(run_op("IsInf", {x}, {{"detect_negative", int64_t{0}}}), bools({4}, {true, false, false, false}));
  expect_equal(run_op("IsNaN", {x}), bools({4}, {false, false, true, false}));
}

// Shape -> Sub -> Div chains are what exporters write for windows; their values must be known before run time.
TEST(TrackedValues, ArithmeticOnDimsStaysSymbolic) {
  Graph graph;
  Builder b(graph);
  const SymDim n = SymDim::symbol("n");
  Fact fact = Fact::tensor(DType::int64, SymShape{SymDim(2)});
  fact.values = std::make_shared<const std::vector<SymDim>>(std::vector<SymDim>{n, n * 4});
  const Edge shape = graph.add_input("shape", fact);
  auto values = [&](Edge edge) { return to_string(*graph.fact(edge).values); };
  EXPECT_EQ(values(b.div(shape, b.ints({2}))), to_string(SymShape{floor_div(n, 2), n * 2}));
  EXPECT_EQ(values(b.add("Mod", {shape, b.ints({4})})), to_string(SymShape{n - floor_div(n, 4) * 4, SymDim(0)}));
  EXPECT_EQ(values(b.add("Max", {shape, b.ints({7, 7})})), to_string(SymShape{max(n, 7), max(n * 4, 7)}));
  // n - 9 may be negative, where truncation and rounding down differ: not tracked.
  EXPECT_FALSE(graph.fact(b.div(b.sub(shape, b.ints({9})), b.ints({2}))).values);
  EXPECT_TRUE(b.status().has_value());
}

}  // namespace
}  // namespace nacre::test
