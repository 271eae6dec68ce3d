// Expected values: ONNX Runtime 1.31 on the same tensors, unless a comment says otherwise.
#include "harness.h"

namespace nacre::test {
namespace {

std::vector<float> iota(int64_t count, float first = 0) {
  std::vector<float> out;
  for (int64_t i = 0; i < count; ++i) out.push_back(first + static_cast<float>(i));
  return out;
}
using Ints = std::vector<int64_t>;

TEST(Conv, GroupsReadTheirOwnChannelsAndPadsAreZeros) {
  expect_close(run_op("Conv", {f32({1, 2, 3, 3}, iota(18)), f32({2, 1, 2, 2}, iota(8, -3)), f32({2}, {1, -1})},
                      {{"group", int64_t{2}}, {"pads", Ints{1, 0, 0, 1}}, {"strides", Ints{2, 1}}}),
               f32({1, 2, 2, 3}, {1, 0, -1, -22, -28, -22, 66, 73, 32, 146, 156, 64}));
}

TEST(Conv, SameLowerPutsTheOddPadInFront) {
  expect_close(run_op("Conv", {f32({1, 1, 7}, iota(7)), f32({1, 1, 3}, iota(3))}, {{"auto_pad", "SAME_LOWER"}, {"strides", Ints{2}}}),
               f32({1, 1, 4}, {2, 8, 14, 6}));
}

TEST(Conv, ChannelsThatDoNotFitAreRefused) {
  expect_failure(run_op("Conv", {f32({1, 3, 4}, iota(12)), f32({2, 2, 1}, iota(4))}), ErrorCode::invalid_argument, "3 channels");
  expect_failure(run_op("Conv", {f32({1, 1, 2}, iota(2)), f32({1, 1, 5}, iota(5))}), ErrorCode::invalid_argument, "no window");
}

TEST(Conv, HugePadsAreRefusedBeforeMemoryIsTaken) {
  MemoryBudget budget(1 << 20);
  expect_failure(
      run_case({.op = "Conv", .inputs = {f32({1, 1, 2}, {1, 2}), f32({1, 1, 1}, {1})}, .attributes = {{"pads", Ints{1 << 30, 1 << 30}}}},
               Given::shapes, &budget),
      ErrorCode::resource_exhausted);
}

TEST(ConvTranspose, OutputPaddingAddsAtTheEnd) {
  expect_close(run_op("ConvTranspose", {f32({1, 1, 2, 2}, iota(4, 1)), f32({1, 2, 2, 2}, iota(8))},
                      {{"strides", Ints{2, 2}}, {"output_padding", Ints{1, 0}}, {"pads", Ints{0, 1, 0, 0}}}),
               f32({1, 2, 5, 3}, {1, 0, 2, 3, 4, 6, 3, 0, 4, 9, 8, 12, 0, 0, 0, 5, 8, 10, 7, 12, 14, 15, 16, 20, 21, 24, 28, 0, 0, 0}));
}

TEST(ConvTranspose, OutputShapeMakesThePads) {
  expect_close(run_op("ConvTranspose", {f32({1, 1, 3}, iota(3, 1)), f32({1, 1, 3}, iota(3, 1))},
                      {{"strides", Ints{2}}, {"output_shape", Ints{6}}, {"auto_pad", "SAME_UPPER"}}),
               f32({1, 1, 6}, {1, 2, 5, 4, 9, 6}));
}

TEST(MaxPool, CeilModeKeepsTheLastPartialWindow) {
  expect_close(run_op("MaxPool", {f32({1, 1, 7}, {1, 5, 2, 8, 3, NAN, 4})},
                      {{"kernel_shape", Ints{2}}, {"strides", Ints{2}}, {"ceil_mode", int64_t{1}}}),
               f32({1, 1, 4}, {5, 8, 3, 4}));
}

TEST(MaxPool, IndicesCountColumnsFirstWhenAsked) {
  const OpCase c{.op = "MaxPool",
                 .inputs = {f32({1, 1, 3, 4}, iota(12))},
                 .attributes = {{"kernel_shape", Ints{2, 2}}, {"strides", Ints{1, 2}}, {"storage_order", int64_t{1}}},
                 .outputs = 2};
  const Outputs out = run_op(c);
  expect_equal(out, f32({1, 1, 2, 2}, {5, 7, 9, 11}));
  expect_equal(out, i64({1, 1, 2, 2}, {4, 10, 5, 11}), 1);
}

TEST(AveragePool, PaddingCountsButNotWhatCeilModeAdds) {
  expect_close(run_op("AveragePool", {f32({1, 1, 6}, iota(6))},
                      {{"kernel_shape", Ints{3}},
                       {"strides", Ints{2}},
                       {"pads", Ints{1, 1}},
                       {"ceil_mode", int64_t{1}},
                       {"count_include_pad", int64_t{1}}}),
               f32({1, 1, 4}, {1.f / 3, 2, 4, 2.5}));
}

TEST(LpPool, OldFloatPIsTakenAsAWholeNumber) {
  const OpCase c{.op = "LpPool",
                 .inputs = {f32({1, 1, 4}, iota(4, -2))},
                 .attributes = {{"kernel_shape", Ints{2}}, {"pads", Ints{1, 0}}, {"p", 3.f}},
                 .version = 1};
  expect_close(run_op(c), f32({1, 1, 4}, {2, 2.080084f, 1, 1}));
}

TEST(MaxUnpool, IndicesOutsideAreRefused) {
  expect_failure(run_op("MaxUnpool", {f32({1, 1, 1}, {1}), i64({1, 1, 1}, {2})}, {{"kernel_shape", Ints{2}}, {"strides", Ints{2}}}),
                 ErrorCode::invalid_argument, "outside [0, 2)");
}

TEST(ConvInteger, PaddingIsTheZeroPoint) {  // by hand: (x - 1) * (w - 2), edges see one tap only
  expect_equal(run_op("ConvInteger", {u8({1, 1, 2}, {3, 5}), u8({1, 1, 3}, {3, 4, 5}), u8({}, {1}), u8({}, {2})}, {{"pads", Ints{1, 1}}}),
               i32({1, 1, 2}, {16, 10}));
}

TEST(QLinearConv, EachOutputChannelHasItsScale) {
  expect_equal(
      run_op("QLinearConv", {u8({1, 1, 3}, {0, 128, 255}), f32({}, {.5f}), u8({}, {128}), make<int8_t>({2, 1, 1}, {2, -3}),
                             f32({2}, {.1f, .2f}), make<int8_t>({2}, {0, 0}), f32({}, {.75f}), u8({}, {100}), i32({2}, {10, -10})}),
      u8({1, 2, 3}, {84, 101, 118, 150, 99, 48}));
}

}  // namespace
}  // namespace nacre::test
