#include <limits>

#include "tests/ops/harness.h"

namespace nacre::test {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

TEST(Logic, BroadcastsBools) {
  const Tensor a = bools({2, 1}, {true, false}), b = bools({2}, {true, false});
  expect_equal(run_op("And", {a, b}), bools({2, 2}, {true, false, false, false}));
  expect_equal(run_op("Or", {a, b}), bools({2, 2}, {true, true, true, false}));
  expect_equal(run_op("Xor", {a, b}), bools({2, 2}, {false, true, true, false}));
  expect_equal(run_op("Not", {b}), bools({2}, {false, true}));
}
TEST(Comparison, NanIsNeitherLessNorEqual) {
  const Tensor a = f32({3}, {1, kNan, 2}), b = f32({3}, {1, kNan, 1});
  expect_equal(run_op("Equal", {a, b}), bools({3}, {true, false, false}));
  expect_equal(run_op("LessOrEqual", {a, b}), bools({3}, {true, false, false}));
  expect_equal(run_op("Greater", {a, b}), bools({3}, {false, false, true}));
}
TEST(Comparison, LargeIntegersAreExact) {
  const uint64_t big = uint64_t{1} << 63;
  expect_equal(run_op("Less", {make<uint64_t>({1}, {big}), make<uint64_t>({1}, {big + 1})}), bools({1}, {true}));
}
TEST(Equal, ComparesStringsAndBools) {
  expect_equal(run_op("Equal", {strings({2}, {"a", "b"}), strings({}, {"b"})}), bools({2}, {false, true}));
  expect_equal(run_op("Equal", {bools({2}, {true, false}), bools({2}, {true, true})}), bools({2}, {true, false}));
}

TEST(BitShift, ShiftingOutEveryBitGivesZero) {
  expect_equal(run_op("BitShift", {u8({3}, {1, 255, 7}), u8({3}, {7, 8, 200})}, {{"direction", "LEFT"}}), u8({3}, {128, 0, 0}));
  expect_equal(run_op("BitShift", {u8({2}, {128, 255}), u8({2}, {7, 255})}, {{"direction", "RIGHT"}}), u8({2}, {1, 0}));
  expect_failure(run_op("BitShift", {u8({1}, {1}), u8({1}, {1})}, {{"direction", "UP"}}), ErrorCode::invalid_model, "UP");
}
TEST(Bitwise, WorkOnTheBits) {
  expect_equal(run_op("BitwiseAnd", {i32({2}, {-1, 6}), i32({}, {3})}), i32({2}, {3, 2}));
  expect_equal(run_op("BitwiseXor", {of(DType::int8, {1}, {-128}), of(DType::int8, {1}, {-1})}), of(DType::int8, {1}, {127}));
  expect_equal(run_op("BitwiseNot", {u8({2}, {0, 5})}), u8({2}, {255, 250}));
}
TEST(BitCast, KeepsTheBits) {
  expect_equal(run_op("BitCast", {f32({2}, {1, -2})}, {{"to", int64_t{6}}}), i32({2}, {0x3f800000, -0x40000000}));
  expect_failure(run_op("BitCast", {f32({1}, {1})}, {{"to", int64_t{7}}}), ErrorCode::invalid_model, "32 bits");
}

TEST(Cast, ConvertsByItsRules) {
  expect_equal(run_op("Cast", {f32({3}, {1.9f, -1.9f, 300})}, {{"to", int64_t{6}}}), i32({3}, {1, -1, 300}));
  expect_equal(run_op("Cast", {strings({3}, {"1.5", "-INF", "nan"})}, {{"to", int64_t{1}}}),
               f32({3}, {1.5f, -std::numeric_limits<float>::infinity(), kNan}));
  expect_equal(run_op("Cast", {f32({2}, {0.5f, 3})}, {{"to", int64_t{8}}}), strings({2}, {"0.5", "3"}));
  expect_equal(run_op("CastLike", {f32({2}, {0, 2}), bools({}, {true})}), bools({2}, {false, true}));
}
TEST(Cast, Opset1SpellsTheType) {
  expect_equal(run_op(OpCase{.op = "Cast", .inputs = {f32({1}, {2.5f})}, .attributes = {{"to", "INT64"}}, .version = 1}), i64({1}, {2}));
}
TEST(Cast, UnknownTypeNumberIsRefused) {
  for (int64_t to : {-1, 0, 27, 1000}) expect_failure(run_op("Cast", {f32({1}, {1})}, {{"to", to}}), ErrorCode::invalid_model, "'to'");
}

// Expand(x, Where(Equal(shape, -1), ones, shape)) is how torch exports expand.
TEST(TrackedValues, PassThroughEqualAndWhere) {
  Graph graph;
  Builder b(graph);
  const SymDim n = SymDim::symbol("n");
  Fact fact = Fact::tensor(DType::int64, SymShape{SymDim(2)});
  fact.values = std::make_shared<const std::vector<SymDim>>(std::vector<SymDim>{n, SymDim(-1)});
  const Edge shape = graph.add_input("shape", fact);
  const Edge chosen = b.where(b.add("Equal", {shape, b.ints({-1})}), b.ints({1, 1}), shape);
  ASSERT_TRUE(b.status().has_value());
  ASSERT_TRUE(graph.fact(chosen).values);
  EXPECT_EQ(to_string(*graph.fact(chosen).values), "[n,1]");
}

}  // namespace
}  // namespace nacre::test
