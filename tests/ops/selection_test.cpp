// Choosing and rearranging: TopK, Unique, OneHot, blocks and triangles. Expected numbers are numpy's.
#include "tests/ops/harness.h"

namespace nacre::test {
namespace {

TEST(TopK, TiesGoToTheLowerIndexAndNaNIsLargest) {
  const Tensor x = f32({5}, {1, 3, NAN, 3, 2});
  const Outputs largest = run_op("TopK", {x, i64({1}, {3})}, {}, 2);
  expect_equal(largest, f32({3}, {NAN, 3, 3}));
  expect_equal(largest, i64({3}, {2, 1, 3}), 1);
  const Outputs smallest = run_op("TopK", {x, i64({1}, {3})}, {{"largest", int64_t{0}}}, 2);
  expect_equal(smallest, i64({3}, {0, 4, 1}), 1);
  expect_failure(run_op("TopK", {x, i64({1}, {6})}, {}, 2), ErrorCode::invalid_argument, "k is 6");
  expect_equal(run_op(OpCase{.op = "TopK", .inputs = {x}, .attributes = {{"k", int64_t{1}}}, .outputs = 2, .version = 1}), i64({1}, {2}),
               1);
}

TEST(Unique, SortedUnsortedAndAlongAnAxis) {
  const Outputs first = run_op("Unique", {f32({6}, {2, 1, 1, 3, 4, 3})}, {{"sorted", int64_t{0}}}, 4);
  expect_equal(first, f32({4}, {2, 1, 3, 4}));
  expect_equal(first, i64({4}, {0, 1, 3, 4}), 1);
  expect_equal(first, i64({6}, {0, 1, 1, 2, 3, 2}), 2);
  expect_equal(first, i64({4}, {1, 2, 2, 1}), 3);
  const Outputs rows = run_op("Unique", {f32({3, 2}, {5, 0, 1, 0, 5, 0})}, {{"axis", int64_t{0}}}, 3);
  expect_equal(rows, f32({2, 2}, {1, 0, 5, 0}));
  expect_equal(rows, i64({3}, {1, 0, 1}), 2);
}

TEST(OneHot, NegativeIndicesAndAxis) {
  expect_equal(run_op("OneHot", {i64({3}, {0, -1, 7}), i64({}, {3}), f32({2}, {0, 5})}), f32({3, 3}, {5, 0, 0, 0, 0, 5, 0, 0, 0}));
  expect_equal(run_op("OneHot", {f32({2}, {1, 0}), f32({1}, {2}), i32({2}, {1, 2})}, {{"axis", int64_t{0}}}), i32({2, 2}, {1, 2, 2, 1}));
  MemoryBudget budget(1 << 20);
  expect_failure(
      run_case(OpCase{.op = "OneHot", .inputs = {i64({2}, {0, 1}), i64({}, {int64_t{1} << 60}), f32({2}, {0, 1})}}, Given::shapes, &budget),
      ErrorCode::resource_exhausted);
}

TEST(Trilu, DiagonalsFarOutside) {
  const Tensor x = i64({2, 3}, {1, 2, 3, 4, 5, 6});
  auto trilu = [&](int64_t k, int64_t upper) { return run_op("Trilu", {x, i64({}, {k})}, {{"upper", upper}}); };
  expect_equal(trilu(0, 1), i64({2, 3}, {1, 2, 3, 0, 5, 6}));
  expect_equal(trilu(1, 0), i64({2, 3}, {1, 2, 0, 4, 5, 6}));
  expect_equal(trilu(INT64_MAX, 0), x);
  expect_equal(trilu(INT64_MIN, 0), i64({2, 3}, {0, 0, 0, 0, 0, 0}));
}

TEST(DepthToSpace, DcrCrdAndBack) {
  const Tensor x = f32({1, 8, 1, 1}, {0, 1, 2, 3, 4, 5, 6, 7});
  expect_equal(run_op("DepthToSpace", {x}, {{"blocksize", int64_t{2}}}), f32({1, 2, 2, 2}, {0, 2, 4, 6, 1, 3, 5, 7}));
  expect_equal(run_op("DepthToSpace", {x}, {{"blocksize", int64_t{2}}, {"mode", "CRD"}}), f32({1, 2, 2, 2}, {0, 1, 2, 3, 4, 5, 6, 7}));
  expect_equal(run_op("SpaceToDepth", {f32({1, 2, 2, 2}, {0, 2, 4, 6, 1, 3, 5, 7})}, {{"blocksize", int64_t{2}}}), x);
  expect_failure(run_op("DepthToSpace", {x}, {{"blocksize", int64_t{3}}}), ErrorCode::invalid_argument);
}

TEST(ReverseSequence, BothLayouts) {
  const Tensor x = i64({2, 3}, {1, 2, 3, 4, 5, 6});
  expect_equal(run_op("ReverseSequence", {x, i64({2}, {2, 3})}, {{"batch_axis", int64_t{0}}, {"time_axis", int64_t{1}}}),
               i64({2, 3}, {2, 1, 3, 6, 5, 4}));
  expect_equal(run_op("ReverseSequence", {x, i64({3}, {1, 2, 0})}), i64({2, 3}, {1, 5, 3, 4, 2, 6}));
}

TEST(Compress, WithAndWithoutAxis) {
  const Tensor x = i64({3, 2}, {1, 2, 3, 4, 5, 6});
  expect_equal(run_op("Compress", {x, bools({3}, {false, true, true})}, {{"axis", int64_t{0}}}), i64({2, 2}, {3, 4, 5, 6}));
  expect_equal(run_op("Compress", {x, bools({5}, {false, true, false, false, true})}), i64({2}, {2, 5}));
  expect_failure(run_op("Compress", {x, bools({4}, {false, false, false, true})}, {{"axis", int64_t{0}}}), ErrorCode::invalid_argument);
}

TEST(CenterCropPad, OddDifferencesLeanToTheEnd) {
  expect_equal(run_op("CenterCropPad", {i64({5}, {1, 2, 3, 4, 5}), i64({1}, {2})}), i64({2}, {2, 3}));
  expect_equal(run_op("CenterCropPad", {i64({2}, {1, 2}), i64({1}, {5})}), i64({5}, {0, 1, 2, 0, 0}));
}

TEST(Col2Im, OverlapsAdd) {
  const Tensor columns = f32({1, 2, 3}, {1, 2, 3, 10, 20, 30});
  expect_equal(run_op("Col2Im", {columns, i64({1}, {4}), i64({1}, {2})}), f32({1, 1, 4}, {1, 12, 23, 30}));
}

}  // namespace
}  // namespace nacre::test
