// Expected values: ONNX Runtime 1.31 on the same tensors, unless a comment says otherwise.
#include "harness.h"

namespace nacre::test {
namespace {

TEST(BatchNormalization, UsesTheGivenMoments) {
  expect_close(run_op("BatchNormalization",
                      {f32({2, 2, 2}, {0, 1, 2, 3, 4, 5, 6, 7}), f32({2}, {1, 2}), f32({2}, {0, 1}), f32({2}, {1, 2}), f32({2}, {4, 9})},
                      {{"epsilon", 0.f}}),
               f32({2, 2, 2}, {-.5, 0, 1, 1.6666667f, 1.5, 2, 3.6666667f, 4.3333333f}));
}

TEST(BatchNormalization, TrainingMovesTheRunningMoments) {  // by hand: batch mean 1, variance 1
  const OpCase c{.op = "BatchNormalization",
                 .inputs = {f32({2, 1}, {0, 2}), f32({1}, {1}), f32({1}, {0}), f32({1}, {3}), f32({1}, {5})},
                 .attributes = {{"epsilon", 0.f}, {"momentum", .5f}, {"training_mode", int64_t{1}}},
                 .outputs = 3};
  const Outputs out = run_op(c);
  expect_close(out, f32({2, 1}, {-1, 1}));
  expect_close(out, f32({1}, {2}), 1e-5, 1e-7, 1);
  expect_close(out, f32({1}, {3}), 1e-5, 1e-7, 2);
}

TEST(BatchNormalization, OldNonSpatialFormHasParametersForEveryActivation) {  // by hand
  const OpCase c{.op = "BatchNormalization",
                 .inputs = {f32({1, 1, 2}, {2, 4}), f32({1, 2}, {1, 2}), f32({1, 2}, {0, 1}), f32({1, 2}, {1, 1}), f32({1, 2}, {1, 9})},
                 .attributes = {{"epsilon", 0.f}, {"spatial", int64_t{0}}},
                 .version = 7};
  expect_close(run_op(c), f32({1, 1, 2}, {1, 3}));
}

TEST(LayerNormalization, GivesMeanAndInverseDeviation) {
  const OpCase c{
      .op = "LayerNormalization", .inputs = {f32({2, 3}, {0, 1, 4, 9, 16, 25}), f32({3}, {1, 2, 3}), f32({3}, {0, 0, 1})}, .outputs = 3};
  const Outputs out = run_op(c);
  expect_close(out, f32({2, 3}, {-.980579f, -.7844631f, 5.118432f, -1.170669f, -.2035944f, 4.817399f}));
  expect_close(out, f32({2, 1}, {1.666667f, 16.66667f}), 1e-5, 1e-7, 1);
  expect_close(out, f32({2, 1}, {.5883474f, .152696f}), 1e-5, 1e-7, 2);
}

TEST(LayerNormalization, ScaleMayVaryOverRows) {  // by hand: each row normalises to -1, 1
  expect_close(run_op("LayerNormalization", {f32({2, 2}, {0, 2, 4, 6}), f32({2, 1}, {1, 3})}, {{"epsilon", 0.f}}),
               f32({2, 2}, {-1, 1, -3, 3}));
}

TEST(GroupNormalization, Opset18HasOneScaleForEachGroup) {  // by hand: groups {0, 2} and {4, 8} normalise to -1, 1
  const OpCase c{.op = "GroupNormalization",
                 .inputs = {f32({1, 4, 1}, {0, 2, 4, 8}), f32({2}, {1, 10}), f32({2}, {0, 5})},
                 .attributes = {{"num_groups", int64_t{2}}, {"epsilon", 0.f}},
                 .version = 18};
  expect_close(run_op(c), f32({1, 4, 1}, {-1, 1, -5, 15}));
}

TEST(InstanceNormalization, ParametersOfAnotherLengthAreRefused) {
  expect_failure(run_op("InstanceNormalization", {f32({1, 2, 1}, {1, 2}), f32({3}, {1, 1, 1}), f32({2}, {0, 0})}),
                 ErrorCode::invalid_argument, "expected");
}

TEST(Lrn, WindowIsCutAtTheFirstAndLastChannel) {
  expect_close(run_op("LRN", {f32({1, 4, 1, 1}, {1, 2, 3, 4})}, {{"size", int64_t{3}}, {"alpha", .5f}, {"beta", .5f}, {"bias", 2.f}}),
               f32({1, 4, 1, 1}, {.5940886f, .9607689f, 1.147638f, 1.610774f}));
}

}  // namespace
}  // namespace nacre::test
