#include "graph/symdim.h"

#include <gtest/gtest.h>

#include "graph/broadcast_dim.h"

namespace nacre {
namespace {

const SymDim n = SymDim::symbol("n"), h = SymDim::symbol("h");

TEST(SymDim, EqualSumsHaveOneForm) {
  EXPECT_EQ(n + h, h + n);
  EXPECT_EQ(n + n, SymDim(2) * n);
  EXPECT_EQ((n + 1) * (n - 1), n * n - 1);
  EXPECT_EQ((n + h) - h, n);
  EXPECT_TRUE((n - n).is(0));
  EXPECT_TRUE((n * 0).is(0));
  EXPECT_FALSE(n == h);
  EXPECT_FALSE(n == n + 1);
}

TEST(SymDim, PrintsForPeople) {
  EXPECT_EQ((SymDim(2) * n + 1).text(), "2*n + 1");
  EXPECT_EQ((n - h).text(), "-1*h + n");
  EXPECT_EQ((n - 3).text(), "n - 3");
  EXPECT_EQ(floor_div(h, 2).text(), "floor(h / 2)");
  EXPECT_EQ(floor_div(h - 16, 16).text(), "floor((h - 16) / 16)");
  EXPECT_EQ(ceil_div(max(h, 1) + max(n, 1), n * h).text(), "ceil((max(1, h) + max(1, n)) / (h*n))");
  EXPECT_EQ(SymDim(INT64_MIN).text(), "-9223372036854775808");
}

TEST(SymDim, DivisionRoundsDownOrUp) {
  EXPECT_TRUE(floor_div(SymDim(7), 2).is(3));
  EXPECT_TRUE(floor_div(SymDim(-7), 2).is(-4));
  EXPECT_TRUE(floor_div(SymDim(7), -2).is(-4));
  EXPECT_TRUE(ceil_div(SymDim(7), 2).is(4));
  EXPECT_TRUE(ceil_div(SymDim(-7), 2).is(-3));
  EXPECT_TRUE(ceil_div(SymDim(-7), -2).is(4));
  EXPECT_EQ(floor_div(n, 2).evaluate({{"n", 7}}), 3);
  EXPECT_EQ(ceil_div(n, 2).evaluate({{"n", 7}}), 4);
}

TEST(SymDim, ExactDivisionLeavesNoQuotient) {
  EXPECT_EQ(floor_div(n * 6 + h * 4, 2), n * 3 + h * 2);
  EXPECT_EQ(floor_div(n * h, h), n);
  EXPECT_EQ(ceil_div(n * 3, 3), n);
  EXPECT_EQ(floor_div(n, 1), n);
  EXPECT_FALSE(floor_div(n * 3, 2) == n);
}

TEST(SymDim, DivisionByZeroAndItsKinStayUnknown) {
  EXPECT_FALSE(floor_div(SymDim(7), 0).constant());
  EXPECT_FALSE(floor_div(SymDim(INT64_MIN), -1).constant());
  EXPECT_FALSE(floor_div(n * INT64_MIN, -1).constant());
  EXPECT_FALSE(floor_div(n, h).evaluate({{"n", 3}, {"h", 0}}));
}

TEST(SymDim, MinAndMaxDecideWhereTheGapIsConstant) {
  EXPECT_EQ(min(n, n + 2), n);
  EXPECT_EQ(max(n, n + 2), n + 2);
  EXPECT_TRUE(min(SymDim(3), 5).is(3));
  EXPECT_EQ(max(n, h), max(h, n));
  EXPECT_EQ(max(n, h).evaluate({{"n", 3}, {"h", 9}}), 9);
  EXPECT_EQ(min(n, h).evaluate({{"n", 3}, {"h", 9}}), 3);
}

TEST(SymDim, OverflowGivesADimOfItsOwn) {
  const SymDim a = SymDim(INT64_MAX) + 1, b = SymDim(INT64_MAX) + 1;
  EXPECT_FALSE(a.constant());
  EXPECT_FALSE(a == b) << "two unknowns are not known to be equal";
  EXPECT_FALSE((n * INT64_MAX * 2).evaluate({{"n", 1}}));
  EXPECT_FALSE((n * n).evaluate({{"n", int64_t{1} << 40}}));
}

TEST(SymDim, DiffersOnlyWhenNeverEqual) {
  EXPECT_TRUE(SymDim(3).differs(4));
  EXPECT_TRUE(n.differs(n + 1));
  EXPECT_FALSE(n.differs(h));
  EXPECT_FALSE(n.differs(3));
}

TEST(SymDim, SubstitutesWhatIsBound) {
  EXPECT_EQ((n * h + 1).substitute({{"h", 2}}), n * 2 + 1);
  EXPECT_FALSE(n.evaluate({{"h", 2}}));
  EXPECT_EQ(floor_div(n + h, 2).substitute({{"h", 1}}).evaluate({{"n", 4}}), 2);
}

TEST(SymDim, BroadcastIsTheOtherDimWhereOneIsOne) {
  const SymDim both = broadcast_dim(n, h), k = SymDim::symbol("k");
  EXPECT_EQ(both.evaluate({{"n", 1}, {"h", 0}}), 0);  // not the larger one
  EXPECT_EQ(both.evaluate({{"n", 7}, {"h", 1}}), 7);
  EXPECT_EQ(both.evaluate({{"n", 7}, {"h", 7}}), 7);
  EXPECT_FALSE(both.evaluate({{"n", 7}, {"h", 3}}));
  EXPECT_EQ(both.substitute({{"h", 4}}), SymDim(4));
  EXPECT_EQ(broadcast_dim(n, 1), n);
  EXPECT_EQ(broadcast_dim(n, 5), SymDim(5));
  EXPECT_EQ(broadcast_dim(both, n), both);
  EXPECT_EQ(broadcast_dim(broadcast_dim(k, n), h), broadcast_dim(both, k));
  EXPECT_EQ(broadcast_dim(both, k).text(), "broadcast(h, k, n)");
}

// A file can square a dim, or take maxima of maxima, in every node: sizes must not double with each.
TEST(SymDim, RepeatedSquaringStaysSmall) {
  SymDim squared = n + 1;
  for (int i = 0; i < 200; ++i) squared = squared * squared;
  EXPECT_LT(squared.text().size(), 100'000u);
  SymDim wide = n;
  for (int i = 0; i < 500; ++i) wide = wide + SymDim::symbol("s" + std::to_string(i)) * wide;
  EXPECT_LT(wide.text().size(), 100'000u);
  SymDim a = n, b = h;
  for (int i = 0; i < 200; ++i) std::tie(a, b) = std::pair(max(a, floor_div(b, 3)), min(b * 2, a + b));
  EXPECT_LT(a.text().size(), 100'000u);
  SymDim row = n;
  for (int i = 0; i < 500; ++i) row = broadcast_dim(row, floor_div(row + SymDim::symbol("r" + std::to_string(i)), 2));
  EXPECT_LT(row.text().size(), 100'000u);
}

TEST(SymShape, ConstantOnlyWhenEveryDimIs) {
  EXPECT_EQ(constant_shape({2, 3}), (Shape{2, 3}));
  EXPECT_FALSE(constant_shape({2, n}));
  EXPECT_EQ(product({2, n, 3}), n * 6);
  EXPECT_EQ(product({2, n, 3}, 1, 2), n);
  EXPECT_EQ(to_string(SymShape{2, n}), "[2,n]");
}

}  // namespace
}  // namespace nacre
