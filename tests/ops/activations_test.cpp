// Expected values are numpy's, from the formulas of the specification.
#include <limits>

#include "ops/random.h"
#include "tests/ops/harness.h"

namespace nacre::test {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInf = std::numeric_limits<float>::infinity();

Tensor samples() { return f64({4}, {-3, -0.5, 0, 2.5}); }
void expect_on_samples(std::string_view op, std::vector<double> expected, Attributes attributes = {}) {
  expect_close(run_op(op, {samples()}, std::move(attributes)), f64({4}, std::move(expected)), 1e-7, 1e-9);
}

TEST(Activations, FollowTheirFormulas) {
  expect_on_samples("Gelu", {-0.00404969409489031, -0.15426876936299344, 0, 2.4844758366855597});
  expect_on_samples("Gelu", {-0.0036373920817729943, -0.15428599017485606, 0, 2.484915733910001}, {{"approximate", "tanh"}});
  expect_on_samples("Selu", {-1.6705687339891528, -0.6917581899652426, 0, 2.626752555370331});
  expect_on_samples("HardSwish", {0, -0.20833333333333334, 0, 2.291666666666667});
  expect_on_samples("Swish", {-0.0074178694699043235, -0.13447071068499755, 0, 2.483267872689288}, {{"alpha", 2.0f}});
  expect_on_samples("Softplus", {0.04858735157374206, 0.4740769841801067, 0.6931471805599453, 2.5788897342925496});
  expect_on_samples("ThresholdedRelu", {0, 0, 0, 2.5}, {{"alpha", 2.0f}});
  expect_on_samples("Softsign", {-0.75, -1 / 3.0, 0, 2.5 / 3.5});
  expect_on_samples("LeakyRelu", {-0.75, -0.125, 0, 2.5}, {{"alpha", 0.25f}});
  expect_on_samples("HardSigmoid", {0, 0.375, 0.5, 1}, {{"alpha", 0.25f}});
  expect_on_samples("Shrink", {-2.75, -0.25, 0, 2.25}, {{"lambd", 0.25f}, {"bias", 0.25f}});
  expect_close(run_op("Celu", {f32({2}, {-3, 2.5})}, {{"alpha", 2.0f}}), f32({2}, {-1.5537396797f, 2.5}));
}

TEST(Activations, LoweredFormsAgree) {
  const std::pair<const char*, Attributes> cases[] = {
      {"Gelu", {}}, {"Gelu", {{"approximate", "tanh"}}}, {"HardSwish", {}}, {"Swish", {{"alpha", 2.0f}}}, {"Mish", {}}};
  for (const auto& [op, attributes] : cases) {
    const Outputs direct = run_op(op, {samples()}, attributes);
    ASSERT_TRUE(direct.has_value());
    SCOPED_TRACE(op);
    expect_close(run_lowered(OpCase{.op = op, .inputs = {samples()}, .attributes = attributes}), (*direct)[0].tensor(), 1e-7, 1e-9);
  }
  expect_equal(run_lowered(OpCase{.op = "PRelu", .inputs = {f32({2}, {-1, 2}), f32({}, {0.5})}}), f32({2}, {-0.5, 2}));
  expect_equal(run_lowered(OpCase{.op = "CastLike", .inputs = {f32({2}, {-1.5, 2}), i32({1}, {0})}}), i32({2}, {-1, 2}));
}

TEST(Activations, ExtremesDoNotOverflow) {
  expect_equal(run_op("Softplus", {f32({3}, {1000, -1000, kInf})}), f32({3}, {1000, 0, kInf}));
  expect_equal(run_op("Sigmoid", {f32({2}, {1000, -1000})}), f32({2}, {1, 0}));
  expect_equal(run_op("Relu", {f32({3}, {kNan, -kInf, kInf})}), f32({3}, {kNan, 0, kInf}));
  expect_equal(run_op("Relu", {of(DType::int8, {2}, {-128, 127})}), of(DType::int8, {2}, {0, 127}));
}

TEST(Softmax, NormalisesTheLastAxisByDefault) {
  expect_close(run_op("Softmax", {f32({2, 3}, {1, 2, 4, 1000, 1000, 1000})}),
               f32({2, 3}, {0.04201007f, 0.1141952f, 0.84379473f, 1 / 3.f, 1 / 3.f, 1 / 3.f}), 1e-6);
  expect_close(run_op("LogSoftmax", {f32({3}, {1, 2, 4})}), f32({3}, {-3.16984602f, -2.16984602f, -0.16984602f}), 1e-6);
}
TEST(Softmax, AnyAxis) {
  expect_close(run_op("Softmax", {f32({4, 1}, {0, 1, 2, 3})}, {{"axis", int64_t{0}}}),
               f32({4, 1}, {0.0320586f, 0.08714432f, 0.23688282f, 0.64391426f}), 1e-6);
  expect_failure(run_op("Softmax", {f32({1}, {0})}, {{"axis", int64_t{1}}}), ErrorCode::invalid_argument, "axis 1");
}
TEST(Softmax, OfNothingIsNothing) { expect_equal(run_op("Softmax", {f32({2, 0}, {})}), f32({2, 0}, {})); }
TEST(Softmax, Opset11FlattensAtItsAxis) {
  const Tensor x = f32({1, 2, 2}, {0, 1, 2, 3});
  expect_close(run_op(OpCase{.op = "Softmax", .inputs = {x}, .version = 11}),
               f32({1, 2, 2}, {0.0320586f, 0.08714432f, 0.23688282f, 0.64391426f}), 1e-6);
  expect_equal(run_op(OpCase{.op = "Hardmax", .inputs = {x}, .attributes = {{"axis", int64_t{0}}}, .version = 1}),
               f32({1, 2, 2}, {0, 0, 0, 1}));
}
TEST(Hardmax, TheFirstOfEqualsWins) { expect_equal(run_op("Hardmax", {f32({2, 3}, {1, 5, 5, 0, 0, 0})}), f32({2, 3}, {0, 1, 0, 1, 0, 0})); }

TEST(Random, DrawsWhatNumpyDraws) {
  Random random(7);  // numpy.random.RandomState(7): rand(3), randn(3)
  for (double expected : {0.07630828937395717, 0.7799187922401146, 0.4384092314408935}) EXPECT_EQ(random.uniform(), expected);
  for (double expected : {0.09316606097975175, 3.200914709117712, -0.1569886595634109}) EXPECT_NEAR(random.normal(), expected, 1e-15);
}

TEST(Dropout, InferencePassesThroughWithAFullMask) {
  const Outputs out = run_op("Dropout", {f32({3}, {1, kNan, 3}), f32({}, {0.5})}, {}, 2);
  expect_equal(out, f32({3}, {1, kNan, 3}));
  expect_equal(out, bools({3}, {true, true, true}), 1);
}
TEST(Dropout, TrainingDrawsFromTheSeed) {
  const Outputs out = run_op("Dropout", {f32({6}, {1, 2, 3, 4, 5, 6}), f32({}, {0.5}), bools({}, {true})}, {{"seed", int64_t{3}}}, 2);
  expect_equal(out, f32({6}, {2, 4, 0, 8, 10, 12}));
  expect_equal(out, bools({6}, {true, true, false, true, true, true}), 1);
}
TEST(Dropout, TrainingWithoutAMaskOutput) {
  expect_equal(run_op("Dropout", {f32({3}, {1, 2, 3}), f32({}, {0.5}), bools({}, {true})}, {{"seed", int64_t{3}}}), f32({3}, {2, 4, 0}));
}
TEST(Dropout, Opset7MaskHasTheTypeOfTheData) {
  const OpCase c{.op = "Dropout", .inputs = {f32({2}, {1, 2})}, .attributes = {{"ratio", 0.7f}}, .outputs = 2, .version = 7};
  expect_equal(run_op(c), f32({2}, {1, 2}));
  expect_equal(run_op(c), f32({2}, {1, 1}), 1);
}
TEST(Dropout, RatioOutsideOfItsRangeIsRefused) {
  expect_failure(run_op("Dropout", {f32({1}, {1}), f32({}, {1}), bools({}, {true})}), ErrorCode::invalid_argument, "ratio");
}

}  // namespace
}  // namespace nacre::test
