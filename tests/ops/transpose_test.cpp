#include "tests/ops/harness.h"

namespace nacre::test {
namespace {

TEST(Transpose, WithoutPermReversesTheAxes) {
  expect_equal(run_op("Transpose", {f32({2, 3}, {1, 2, 3, 4, 5, 6})}), f32({3, 2}, {1, 4, 2, 5, 3, 6}));
}

TEST(Transpose, MovesStrings) {
  expect_equal(run_op("Transpose", {strings({1, 2, 2}, {"a", "b", "c", "d"})}, {{"perm", std::vector<int64_t>{2, 0, 1}}}),
               strings({2, 1, 2}, {"a", "c", "b", "d"}));
}

TEST(Transpose, PermThatRepeatsAnAxisIsRefused) {
  expect_failure(run_op("Transpose", {f32({1, 1}, {1})}, {{"perm", std::vector<int64_t>{0, 0}}}), ErrorCode::invalid_model, "perm [0,0]");
}

}  // namespace
}  // namespace nacre::test
