// Expected values: numpy or ONNX Runtime 1.31 on the same tensors.
#include "harness.h"

namespace nacre::test {
namespace {

TEST(MatMul, OneDimensionalOperandsLoseTheirAxis) {
  expect_equal(run_op("MatMul", {f32({3}, {1, 2, 3}), f32({3}, {4, 5, 6})}), f32({}, {32}));
  expect_equal(run_op("MatMul", {f32({2}, {1, 2}), f32({2, 2, 1}, {1, 2, 3, 4})}), f32({2, 1}, {5, 11}));
}

TEST(MatMul, IntegersWrapModuloTheirWidth) {
  expect_equal(run_op("MatMul", {i32({1, 2}, {INT32_MAX, -7}), i32({2, 1}, {2, 3})}), i32({1, 1}, {-23}));
  expect_equal(run_op("MatMul", {of(DType::uint64, {1, 1}, {9007199254740992.0}), of(DType::uint64, {1, 1}, {4})}),
               of(DType::uint64, {1, 1}, {36028797018963968.0}));
}

TEST(MatMul, DepthsThatDifferAreRefused) {
  expect_failure(run_op("MatMul", {f32({1, 2}, {1, 2}), f32({3, 1}, {1, 2, 3})}), ErrorCode::invalid_argument, "2 columns against 3 rows");
  expect_failure(run_op("MatMul", {f32({}, {1}), f32({1, 1}, {1})}), ErrorCode::invalid_argument, "no scalars");
}

TEST(MatMul, WideProductsCrossTheTiles) {  // 5 x 300 ones times 300 x 130 ones
  Tensor a = f32({5, 300}, std::vector<float>(1500, 1)), b = f32({300, 130}, std::vector<float>(39000, 1));
  expect_equal(run_op("MatMul", {a, b}), f32({5, 130}, std::vector<float>(650, 300)));
}

TEST(Gemm, TransposesScalesAndBroadcastsTheAddend) {
  expect_close(run_op("Gemm", {f32({2, 1}, {1, 2}), f32({3, 2}, {1, 2, 3, 4, 5, 6}), f32({1}, {10})},
                      {{"transA", int64_t{1}}, {"transB", int64_t{1}}, {"alpha", .5f}, {"beta", 2.f}}),
               f32({1, 3}, {22.5, 25.5, 28.5}));
  expect_failure(run_op("Gemm", {f32({1, 1}, {1}), f32({1, 1}, {1}), f32({2, 1}, {1, 1})}), ErrorCode::invalid_argument, "broadcast");
}

TEST(Gemm, ZeroBetaIgnoresNanInTheAddend) {
  expect_equal(run_op("Gemm", {f32({1, 1}, {2}), f32({1, 1}, {3}), f32({1}, {NAN})}, {{"beta", 0.f}}), f32({1, 1}, {6}));
}

TEST(MatMulInteger, ColumnsOfBHaveTheirOwnZeroPoint) {
  expect_equal(run_op("MatMulInteger",
                      {u8({2, 2}, {1, 255, 3, 4}), make<int8_t>({2, 2}, {-128, 2, 3, 4}), u8({}, {10}), make<int8_t>({2}, {1, -2})}),
               i32({2, 2}, {1651, 1434, 891, -64}));
}

TEST(Lstm, ReverseStartsAtEachSequencesEndAndLeavesTheRestZero) {
  const OpCase c{.op = "LSTM",
                 .inputs = {f32({2, 1, 1}, {1, 2}), f32({1, 4, 1}, {.5, -.5, 1, .25}), f32({1, 4, 1}, {.1, .2, .3, .4}), std::nullopt,
                            i32({1}, {1}), std::nullopt, std::nullopt, f32({1, 3}, {.1, .2, .3})},
                 .attributes = {{"hidden_size", int64_t{1}}, {"direction", "reverse"}},
                 .outputs = 3};
  const Outputs out = run_op(c);
  expect_close(out, f32({2, 1, 1, 1}, {.05820297f, 0}));
  expect_close(out, f32({1, 1, 1}, {.05820297f}), 1e-5, 1e-7, 1);
  expect_close(out, f32({1, 1, 1}, {.1524519f}), 1e-5, 1e-7, 2);
}

TEST(Gru, LinearBeforeResetAppliesTheBiasInside) {
  const OpCase c{
      .op = "GRU",
      .inputs = {f32({2, 1, 1}, {1, 2}), f32({1, 3, 1}, {.5, -.5, 1}), f32({1, 3, 1}, {.1, .2, .3}), f32({1, 6}, {.1, .2, .3, .4, .5, .6})},
      .attributes = {{"hidden_size", int64_t{1}}, {"linear_before_reset", int64_t{1}}},
      .outputs = 2};
  const Outputs out = run_op(c);
  expect_close(out, f32({2, 1, 1, 1}, {.2490525f, .3812978f}));
  expect_close(out, f32({1, 1, 1}, {.3812978f}), 1e-5, 1e-7, 1);
}

TEST(Rnn, WrongWeightsAndUnknownActivationsAreRefused) {
  const Inputs inputs{f32({1, 1, 1}, {1}), f32({1, 1, 1}, {1}), f32({1, 1, 1}, {1})};
  expect_failure(run_op("RNN", inputs, {{"activations", std::vector<std::string>{"Cosine"}}}), ErrorCode::invalid_model, "Cosine");
  expect_failure(run_op("RNN", {inputs[0], f32({1, 2, 1}, {1, 1}), inputs[2]}), ErrorCode::invalid_argument, "W of shape");
}

TEST(Attention, GroupedHeadsWithPastCausalAndSoftcap) {  // onnx's reference
  const OpCase c{.op = "Attention",
                 .inputs = {f32({1, 2, 2, 2}, {1, 0, 0, 1, 1, 0, 0, 1}), f32({1, 1, 2, 2}, {0, 1, 1, 1}), f32({1, 1, 2, 1}, {2, 4}),
                            std::nullopt, f32({1, 1, 1, 2}, {1, 0}), f32({1, 1, 1, 1}, {1})},
                 .attributes = {{"is_causal", int64_t{1}}, {"softcap", 2.f}, {"scale", 1.f}, {"qk_matmul_output_mode", int64_t{2}}},
                 .outputs = 4};
  const Outputs out = run_op(c);
  const float s = 0.92423433f, low = -INFINITY;
  expect_close(out, f32({1, 2, 2, 1}, {1.2840959f, 2.6688673f, 1.2840959f, 2.6688673f}));
  expect_equal(out, f32({1, 1, 3, 2}, {1, 0, 0, 1, 1, 1}), 1);
  expect_equal(out, f32({1, 1, 3, 1}, {1, 2, 4}), 2);
  expect_close(out, f32({1, 2, 2, 3}, {s, 0, low, 0, s, s, s, 0, low, 0, s, s}), 1e-5, 1e-7, 3);
}

TEST(Attention, HeadsThatDoNotFitAreRefused) {
  expect_failure(run_op("Attention", {f32({1, 3, 1, 1}, {1, 1, 1}), f32({1, 2, 1, 1}, {1, 1}), f32({1, 2, 1, 1}, {1, 1})}),
                 ErrorCode::invalid_argument, "3 query heads");
}

TEST(RotaryEmbedding, PositionsOutsideTheCachesAreRefused) {
  expect_failure(run_op("RotaryEmbedding", {f32({1, 1, 1, 2}, {1, 2}), f32({1, 1}, {1}), f32({1, 1}, {0}), i64({1, 1}, {1})}),
                 ErrorCode::invalid_argument, "position 1");
}

}  // namespace
}  // namespace nacre::test
