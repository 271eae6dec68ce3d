// Range, random numbers, windows, transforms and losses. Expected values are numpy's.
#include <cmath>
#include <limits>

#include "tests/ops/harness.h"

namespace nacre::test {
namespace {

TEST(Range, LimitIsLeftOut) {
  expect_equal(run_op("Range", {i64({}, {3}), i64({}, {9}), i64({}, {3})}), i64({2}, {3, 6}));
  expect_equal(run_op("Range", {i32({}, {10}), i32({}, {4}), i32({}, {-2})}), i32({3}, {10, 8, 6}));
  expect_equal(run_op("Range", {i64({}, {5}), i64({}, {1}), i64({}, {1})}), i64({0}, {}));
  expect_close(run_op("Range", {f32({}, {0}), f32({}, {1}), f32({}, {0.3f})}), f32({4}, {0, 0.3f, 0.6f, 0.9f}));
}
TEST(Range, WholeRangeOfIntegersDoesNotOverflow) {
  const int64_t low = std::numeric_limits<int64_t>::min(), high = std::numeric_limits<int64_t>::max();
  expect_equal(run_op("Range", {i64({}, {low}), i64({}, {high}), i64({}, {high})}), i64({3}, {low, -1, high - 1}));
  expect_equal(run_op("Range", {i64({}, {high}), i64({}, {low}), i64({}, {low})}), i64({2}, {high, -1}));
}
TEST(Range, BombsAndZeroStepsAreRefused) {
  MemoryBudget budget(1 << 20);
  const OpCase bomb{.op = "Range", .inputs = {i64({}, {0}), i64({}, {int64_t{1} << 62}), i64({}, {1})}};
  expect_failure(run_case(bomb, Given::shapes, &budget), ErrorCode::resource_exhausted);
  expect_failure(run_op("Range", {f32({}, {0}), f32({}, {1}), f32({}, {1e-30f})}), ErrorCode::resource_exhausted);
  expect_failure(run_op("Range", {i64({}, {0}), i64({}, {5}), i64({}, {0})}), ErrorCode::invalid_argument, "steps of 0");
}
TEST(TrackedValues, RangeOverASymbolicLength) {
  Graph graph;
  Builder b(graph);
  Fact fact = Fact::tensor(DType::int64, SymShape{});
  fact.values = std::make_shared<const std::vector<SymDim>>(std::vector<SymDim>{SymDim::symbol("n")});
  const Edge n = graph.add_input("n", fact);
  const Edge positions = b.add("Range", {b.constant(i64({}, {0})), n, b.constant(i64({}, {1}))});
  EXPECT_EQ(graph.fact(positions).text(), "int64[n]");
}

TEST(RandomFill, DrawsWhatNumpyDraws) {
  const Attributes uniform{{"shape", std::vector<int64_t>{3}}, {"seed", 5.0f}, {"low", -1.0f}, {"high", 2.0f}};
  expect_close(run_op("RandomUniform", {}, uniform), f32({3}, {-0.3340204867f, 1.6121969185f, -0.379842534f}));
  const Attributes normal{{"seed", 5.0f}, {"mean", 1.0f}, {"scale", 2.0f}};
  expect_close(run_op("RandomNormalLike", {f64({3}, {0, 0, 0})}, normal), f64({3}, {1.8824549738, 0.3382596962, 5.861542374}), 1e-9);
  expect_equal(run_op("Bernoulli", {f32({5}, {0.2f, 0.9f, 0.5f, 0, 1})}, {{"seed", 5.0f}, {"dtype", int64_t{7}}}),
               i64({5}, {0, 1, 0, 0, 1}));
}
TEST(RandomFill, WithoutASeedEveryRunDiffers) {
  const OpCase c{.op = "RandomUniform", .attributes = {{"shape", std::vector<int64_t>{4}}}};
  const Outputs a = run_case(c, Given::shapes), b = run_case(c, Given::shapes);
  ASSERT_TRUE(a.has_value() && b.has_value());
  EXPECT_NE((*a)[0].tensor().data<float>()[0], (*b)[0].tensor().data<float>()[0]);
}
TEST(RandomFill, ProbabilitiesOutsideOfTheirRangeAreRefused) {
  expect_failure(run_op("Bernoulli", {f32({1}, {1.5f})}), ErrorCode::invalid_argument, "1.5");
}
TEST(Multinomial, CertainClassesAreAlwaysDrawn) {
  expect_equal(run_op("Multinomial", {f32({2, 3}, {-1e9f, 0, -1e9f, 5, -1e9f, -1e9f})}, {{"sample_size", int64_t{2}}}),
               i32({2, 2}, {1, 1, 0, 0}));
}
// 20,000 draws: within five standard deviations of the probabilities.
TEST(Multinomial, DrawsClassesAsOftenAsTheirProbabilitiesSay) {
  const Outputs drawn = run_op("Multinomial", {f32({1, 3}, {std::log(0.1f), std::log(0.2f), std::log(0.7f)})},
                               {{"sample_size", int64_t{20000}}, {"seed", 5.0f}});
  ASSERT_TRUE(drawn.has_value());
  int counts[3] = {};
  for (int32_t sample : (*drawn)[0].tensor().data<int32_t>()) ++counts[sample];
  for (int i = 0; i < 3; ++i) {
    const double p = i == 0 ? 0.1 : i == 1 ? 0.2 : 0.7;
    EXPECT_NEAR(counts[i] / 20000.0, p, 5 * std::sqrt(p * (1 - p) / 20000)) << i;
  }
}
TEST(EyeLike, AnyDiagonal) {
  expect_equal(run_op("EyeLike", {f32({2, 3}, {9, 9, 9, 9, 9, 9})}, {{"k", int64_t{1}}}), f32({2, 3}, {0, 1, 0, 0, 0, 1}));
  expect_equal(run_op("EyeLike", {i32({2, 2}, {9, 9, 9, 9})}, {{"k", int64_t{-1}}, {"dtype", int64_t{9}}}),
               bools({2, 2}, {false, false, true, false}));
  expect_equal(run_op("EyeLike", {i32({1, 1}, {9})}, {{"k", std::numeric_limits<int64_t>::min()}}), i32({1, 1}, {0}));
}

TEST(Window, PeriodicAndSymmetric) {
  expect_close(run_op("HannWindow", {i64({}, {4})}), f32({4}, {0, 0.5, 1, 0.5}), 1e-6);
  expect_close(run_op("HammingWindow", {i32({}, {4})}, {{"periodic", int64_t{0}}}),
               f32({4}, {0.0869565217f, 0.7717391304f, 0.7717391304f, 0.0869565217f}), 1e-6);
  expect_failure(run_op("BlackmanWindow", {i64({}, {-1})}), ErrorCode::invalid_argument, "-1");
}

TEST(DFT, OfAnyLength) {
  const Tensor x = f64({1, 5, 1}, {1, 2, -1, 3, 0.5});
  const std::vector<double> half{5.5, 0, 0.1545084972, 0.9245562347, -0.4045084972, -4.6859039436};
  expect_close(run_op("DFT", {x}, {{"onesided", int64_t{1}}}), f64({1, 3, 2}, half), 1e-9, 1e-9);
  expect_close(run_op("DFT", {x, i64({}, {6})}, {{"onesided", int64_t{1}}}),
               f64({1, 4, 2}, {5.5, 0, -0.75, -0.4330127019, 3.25, -3.0310889132, -4.5, 0}), 1e-9, 1e-9);
  expect_close(run_op("DFT", {f64({1, 3, 2}, half), i64({}, {5})}, {{"onesided", int64_t{1}}, {"inverse", int64_t{1}}}), x, 1e-8, 1e-9);
  expect_close(run_op("DFT", {f64({3, 1, 2}, {1, 2, 0, 0, 3, -1}), {}, i64({}, {0})}, {{"inverse", int64_t{1}}}),
               f64({3, 1, 2}, {1.3333333333, 0.3333333333, -0.4553418013, -0.0326920705, 0.1220084679, 1.6993587371}), 1e-9, 1e-9);
}
TEST(DFT, Opset17HasItsAxisAsAnAttribute) {
  expect_close(run_op(OpCase{.op = "DFT", .inputs = {f32({1, 2, 2, 1}, {1, 2, 3, 5})}, .version = 17}),
               f32({1, 2, 2, 2}, {4, 0, 7, 0, -2, 0, -3, 0}), 1e-6, 1e-6);
}
TEST(DFT, LengthsThatNoMemoryHoldsAreRefused) {
  MemoryBudget budget(1 << 20);
  const OpCase c{.op = "DFT", .inputs = {f32({1, 1}, {1}), i64({}, {int64_t{1} << 40})}};
  expect_failure(run_case(c, Given::shapes, &budget), ErrorCode::resource_exhausted);
}
TEST(STFT, FramesAreWindowed) {
  const Inputs inputs{f32({1, 6, 1}, {1, 2, 3, 4, 5, 6}), i64({}, {2}), f32({4}, {1, 1, 1, 1}), i64({}, {4})};
  expect_close(run_op("STFT", inputs), f32({1, 2, 3, 2}, {10, 0, -2, 2, -2, 0, 18, 0, -2, 2, -2, 0}), 1e-6, 1e-5);
  expect_failure(run_op("STFT", {f32({1, 2, 1}, {1, 2}), i64({}, {1}), {}, i64({}, {4})}), ErrorCode::invalid_argument, "frames of 4");
}

TEST(Det, PivotsRows) {
  expect_close(run_op("Det", {f32({1, 3, 3}, {0, 2, 1, 3, 1, 0, 1, 4, 5})}), f32({1}, {-19}));
  expect_failure(run_op("Det", {f32({1, 2}, {1, 2})}), ErrorCode::invalid_argument, "square");
}

TEST(Einsum, FollowsNumpy) {
  const Tensor a = f32({2, 3}, {0, 1, 2, 3, 4, 5});
  std::vector<float> counting(12);
  for (int i = 0; i < 12; ++i) counting[i] = static_cast<float>(i);
  const Tensor b = f32({3, 4}, counting);
  expect_equal(run_op("Einsum", {a, b, f32({4, 2}, std::vector<float>(8, 1))}, {{"equation", "ij,jk,kl->li"}}),
               f32({2, 2}, {98, 296, 98, 296}));
  expect_equal(run_op("Einsum", {i64({3, 3}, {0, 1, 2, 3, 4, 5, 6, 7, 8})}, {{"equation", "ii->i"}}), i64({3}, {0, 4, 8}));
  expect_equal(run_op("Einsum", {a}, {{"equation", "ij"}}), a);
  expect_equal(run_op("Einsum", {a}, {{"equation", "ji"}}), f32({3, 2}, {0, 3, 1, 4, 2, 5}));
  expect_equal(run_op("Einsum", {f64({2}, {1, 2}), f64({2}, {3, 4})}, {{"equation", "i, j -> ij"}}), f64({2, 2}, {3, 4, 6, 8}));
  expect_equal(run_op("Einsum", {f64({2}, {1, 2}), f64({2}, {3, 4})}, {{"equation", "i,i"}}), f64({}, {11}));
}
TEST(Einsum, EllipsesBroadcast) {
  const Tensor b = f32({2, 2, 2}, {0, 1, 2, 3, 4, 5, 6, 7});
  expect_equal(run_op("Einsum", {f32({2, 1, 2, 2}, std::vector<float>(8, 1)), b}, {{"equation", "...ij,...jk"}}),
               f32({2, 2, 2, 2}, {2, 4, 2, 4, 10, 12, 10, 12, 2, 4, 2, 4, 10, 12, 10, 12}));
}
TEST(Einsum, MatrixProductsAreLowered) {
  struct Case {
    const char* equation;
    Shape a, b;
    bool lowered = true;
  };
  const Case cases[] = {{"bij,bjk->bik", {2, 2, 3}, {2, 3, 2}},
                        {"ij,kj->ki", {2, 3}, {4, 3}},
                        {"bhid,bhjd->bihj", {1, 2, 2, 3}, {1, 2, 4, 3}},
                        {"i,i->", {3}, {3}},
                        {"i,j->ji", {2}, {3}},
                        {"bi,bi->b", {2, 3}, {2, 3}},
                        {"ij,ij->ij", {2, 3}, {2, 3}},
                        {"ijk,kj->i", {2, 3, 2}, {2, 3}, false},
                        {"ij,jk->k", {2, 3}, {3, 2}, false}};
  for (const Case& c : cases) {
    std::vector<double> a(static_cast<size_t>(element_count(c.a))), b(static_cast<size_t>(element_count(c.b)));
    for (size_t i = 0; i < a.size(); ++i) a[i] = static_cast<double>(i % 5) - 1;
    for (size_t i = 0; i < b.size(); ++i) b[i] = static_cast<double>(i % 7) - 2;
    const OpCase op{.op = "Einsum", .inputs = {f64(c.a, a), f64(c.b, b)}, .attributes = {{"equation", c.equation}}};
    SCOPED_TRACE(c.equation);
    const Outputs direct = run_op(op), lowered = run_lowered(op, Given::shapes);
    ASSERT_TRUE(direct.has_value());
    if (c.lowered)
      expect_equal(lowered, (*direct)[0].tensor());
    else
      expect_failure(lowered, ErrorCode::unsupported, "not lowered");
  }
}
TEST(Einsum, BadEquationsAreRefused) {
  const Tensor x = f32({2, 2}, {1, 2, 3, 4});
  for (const char* equation : {"", "ijk->i", "ij->iz", "ij->ii", "i1->i", "ij,jk->ik", "......ij"})
    EXPECT_FALSE(run_op("Einsum", {x}, {{"equation", equation}}).has_value()) << equation;
  expect_failure(run_op("Einsum", {x, f32({3}, {1, 2, 3})}, {{"equation", "ij,j->i"}}), ErrorCode::invalid_argument, "2 against 3");
}

TEST(Normalisation, LpAndMeanVariance) {
  expect_close(run_op("LpNormalization", {f32({2, 2}, {3, 4, 0, 0})}), f32({2, 2}, {0.6f, 0.8f, 0, 0}));
  expect_close(run_op("LpNormalization", {f32({2, 1}, {-1, 3})}, {{"p", int64_t{1}}, {"axis", int64_t{0}}}), f32({2, 1}, {-0.25, 0.75}));
  expect_close(run_op("MeanVarianceNormalization", {f32({2, 1, 2, 1}, {1, 2, 4, 9})}),
               f32({2, 1, 2, 1}, {-0.9733285268f, -0.6488856845f, 0, 1.6222142113f}), 1e-5, 1e-6);
}

TEST(Loss, WeightedMeanOfTheLogLikelihood) {
  const Tensor scores = f32({2, 3}, {1, 2, 3, 4, 1, 1});
  const Outputs out = run_op("SoftmaxCrossEntropyLoss", {scores, i64({2}, {2, 0}), f32({3}, {2, 1, 0.5})}, {}, 2);
  expect_close(out, f32({}, {0.15745956f}));
  expect_close(out, f32({2, 3}, {-2.4076059644f, -1.4076059644f, -0.4076059644f, -0.0949229564f, -3.0949229564f, -3.0949229564f}), 1e-5, 0,
               1);
}
TEST(Loss, IgnoredTargetsMayBeOutside) {
  const Tensor x = f32({3, 2, 1}, {-1, -2, -3, -4, -5, -6});
  const Attributes ignore{{"ignore_index", int64_t{-7}}, {"reduction", "none"}};
  expect_equal(run_op("NegativeLogLikelihoodLoss", {x, i64({3, 1}, {0, -7, 1})}, ignore), f32({3, 1}, {1, 0, 6}));
  expect_equal(run_op("NegativeLogLikelihoodLoss", {x, i64({3, 1}, {0, -7, 1})}, {{"ignore_index", int64_t{-7}}}), f32({}, {3.5}));
  expect_failure(run_op("NegativeLogLikelihoodLoss", {x, i64({3, 1}, {0, 2, 1})}), ErrorCode::invalid_argument, "target 2 at 1");
}

TEST(Optimizer, TwoTensorsAtOnce) {
  const Inputs inputs{f32({}, {0.1f}), i64({}, {1}),     f32({1}, {1}), f32({1}, {2}),
                      f32({1}, {0.5}), f32({1}, {-0.5}), f32({1}, {0}), f32({1}, {1})};
  const OpCase c{.op = "Momentum",
                 .inputs = inputs,
                 .attributes = {{"alpha", 0.5f}, {"beta", 1.0f}, {"norm_coefficient", 0.0f}, {"mode", "standard"}},
                 .outputs = 4,
                 .domain = "ai.onnx.preview.training"};
  const Outputs out = run_op(c);
  expect_close(out, f32({1}, {0.95f}), 1e-6, 0, 0);
  expect_close(out, f32({1}, {2.0f}), 1e-6, 0, 1);
  expect_close(out, f32({1}, {0.5f}), 1e-6, 0, 2);
  expect_close(out, f32({1}, {0.0f}), 1e-6, 0, 3);
}
TEST(Optimizer, WrongCountsAreRefused) {
  const OpCase c{.op = "Adam", .inputs = {f32({}, {0.1f}), i64({}, {1}), f32({1}, {1})}, .domain = "ai.onnx.preview.training"};
  expect_failure(run_op(c), ErrorCode::invalid_model, "2 + 4n");
}

}  // namespace
}  // namespace nacre::test
