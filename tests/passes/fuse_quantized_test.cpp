// Between DequantizeLinear and QuantizeLinear the codes themselves are worked on; results are those of the float operators, but for
// one code where a value lies between two.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/convert.h"
#include "graph/op.h"
#include "passes/pass.h"
#include "passes/quantized.h"
#include "tests/support/model_maker.h"

namespace nacre {
namespace {

using namespace test;

int64_t count(const Graph& graph, std::string_view op) {
  return std::count_if(graph.nodes.begin(), graph.nodes.end(), [&](const Node& node) { return node.op->name == op; });
}

Graph fused(const ModelMaker& m) {
  Graph graph = *m.import_graph();
  for (PassLevel level : {PassLevel::standard, PassLevel::fusion}) {
    const auto done = optimise(graph, level);
    EXPECT_TRUE(done) << done.error().what();
  }
  const auto ok = verify(graph);
  EXPECT_TRUE(ok) << ok.error().what();
  return graph;
}

Tensor pattern(Shape shape, float size) {
  Tensor out(DType::float32, std::move(shape));
  float next = 0;
  for (float& x : out.mutable_data<float>()) x = std::sin(next += 1.37f) * size;
  return out;
}
Tensor bytes(DType dtype, Shape shape, int64_t step) {
  Tensor out(dtype, std::move(shape));
  for (int64_t i = 0; i < out.size(); ++i) static_cast<uint8_t*>(out.mutable_raw())[i] = uint8_t(i * step + i * i % 7);
  return out;
}
template <class T>
Tensor one(DType dtype, T value) {
  Tensor out(dtype, Shape{});
  store_from<float>(dtype, out.mutable_raw(), 0, 1, std::array{float(value)}.data());
  return out;
}

/// Quantizes "x" to "x8" and back to "xf"; "y" is quantized "yf".
class Quantized : public ModelMaker {
 public:
  Quantized(std::vector<Dim> x, DType x_codes, float x_zero, DType y_codes, float y_scale, float y_zero) : ModelMaker(14) {
    input("x", DType::float32, std::move(x)).output("y");
    constant("xs", one(DType::float32, 0.02f)).constant("xz", one(x_codes, x_zero));
    constant("ys", one(DType::float32, y_scale)).constant("yz", one(y_codes, y_zero));
    node("QuantizeLinear", {"x", "xs", "xz"}, {"x8"}).node("DequantizeLinear", {"x8", "xs", "xz"}, {"xf"});
  }
  Quantized& finish() {
    node("QuantizeLinear", {"yf", "ys", "yz"}, {"y"});
    return *this;
  }
};

/// Within one code of the plain evaluation, and most codes the same.
void expect_same_codes(const ModelMaker& m, const Inputs& inputs) {
  const Outputs expected = m.session({.backends = {"reference"}, .optimise = false}).run(inputs);
  for (bool optimised : {true, false}) {
    const Outputs got = m.session({.backends = {"native"}, .optimise = optimised}).run(inputs);
    const Tensor &a = got.value(0).tensor(), &b = expected.value(0).tensor();
    ASSERT_EQ(describe(a), describe(b));
    std::vector<int64_t> x(size_t(a.size())), y(x.size());
    load_as<int64_t>(a.dtype(), a.raw(), 0, a.size(), x.data());
    load_as<int64_t>(b.dtype(), b.raw(), 0, b.size(), y.data());
    size_t different = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      ASSERT_LE(std::abs(x[i] - y[i]), 1) << "at " << i;
      different += x[i] != y[i];
    }
    EXPECT_LE(different, 1 + x.size() / 50);
    EXPECT_NE(*std::min_element(y.begin(), y.end()), *std::max_element(y.begin(), y.end()));
  }
}

Quantized& add_conv(Quantized& m, bool per_channel, const char* clamp, bool float_bias = false) {
  Tensor scales(DType::float32, per_channel ? Shape{8} : Shape{}), zeros(DType::int8, scales.shape()), bias_scales(DType::float32, {8});
  for (size_t i = 0; i < size_t(scales.size()); ++i) scales.mutable_data<float>()[i] = 0.004f * float(i + 1);
  for (size_t i = 0; i < 8; ++i) bias_scales.mutable_data<float>()[i] = 0.02f * scales.data<float>()[per_channel ? i : 0];
  Tensor bias(DType::int32, {8});
  for (int32_t i = 0; i < 8; ++i) bias.mutable_data<int32_t>()[size_t(i)] = i * 300 - 900;
  m.constant("w8", bytes(DType::int8, {8, 3, 3, 3}, 37)).constant("ws", scales).constant("wz", zeros);
  m.node("DequantizeLinear", {"w8", "ws", "wz"}, {"w"}, {attribute("axis", 0)});
  if (float_bias)
    m.constant("b", pattern({8}, 1));
  else
    m.constant("b32", bias).constant("bs", bias_scales).node("DequantizeLinear", {"b32", "bs"}, {"b"}, {attribute("axis", 0)});
  m.node("Conv", {"xf", "w", "b"}, {clamp ? "conv" : "yf"}, {attribute("pads", std::vector<int64_t>{1, 1, 1, 1})});
  if (clamp) m.node(clamp, {"conv"}, {"yf"});
  m.finish();
  return m;
}

TEST(FuseQuantized, ConvolutionRunsOnCodesForEverySignednessAndGranularity) {
  for (DType x : {DType::uint8, DType::int8})
    for (DType y : {DType::uint8, DType::int8})
      for (bool per_channel : {false, true})
        for (bool float_bias : {false, true}) {
          Quantized m({2, 3, 9, 7}, x, x == DType::uint8 ? 120 : -3, y, 0.05f, y == DType::uint8 ? 128 : 4);
          add_conv(m, per_channel, nullptr, float_bias);
          const Graph graph = fused(m);
          EXPECT_EQ(count(graph, "QLinearConv"), 1);
          EXPECT_EQ(count(graph, "DequantizeLinear"), 0) << print(graph);
          expect_same_codes(m, {{"x", pattern({2, 3, 9, 7}, 2)}});
        }
}

/// A convolution between quantizers, then the sum with a quantized shortcut.
ModelMaker residual_block(bool shortcut_first, float own_zero_of_sum, bool read_twice) {
  Quantized m({2, 3, 9, 7}, DType::uint8, 120, DType::uint8, 0.11f, 90);
  m.input("r", DType::uint8, {2, 8, 9, 7}).constant("rs", one(DType::float32, 0.07f)).constant("rz", one(DType::uint8, 100));
  m.constant("w8", bytes(DType::int8, {8, 3, 3, 3}, 37)).constant("ws", one(DType::float32, 0.004f));
  m.constant("os", one(DType::float32, 0.05f)).constant("oz", one(DType::uint8, 128)).constant("oz2", one(DType::uint8, own_zero_of_sum));
  m.node("DequantizeLinear", {"w8", "ws"}, {"w"});
  m.node("Conv", {"xf", "w"}, {"conv"}, {attribute("pads", std::vector<int64_t>{1, 1, 1, 1})});
  m.node("QuantizeLinear", {"conv", "os", "oz"}, {"own8"}).node("DequantizeLinear", {"own8", "os", "oz2"}, {"own"});
  m.node("DequantizeLinear", {"r", "rs", "rz"}, {"rf"});
  m.node("Add", shortcut_first ? Names{"rf", "own"} : Names{"own", "rf"}, {"sum"}).node("Relu", {"sum"}, {"yf"});
  if (read_twice) m.output("own8");
  m.finish();
  return m;
}

TEST(FuseQuantized, AShortcutIsAddedWhereTheConvolutionsCodesAreMade) {
  for (bool shortcut_first : {false, true}) {
    const ModelMaker m = residual_block(shortcut_first, 128, false);
    EXPECT_EQ(count(fused(m), "QLinearConvAdd"), 1);
    EXPECT_EQ(count(fused(m), "QLinearAdd") + count(fused(m), "QLinearConv"), 0);
    expect_same_codes(m, {{"x", pattern({2, 3, 9, 7}, 2)}, {"r", bytes(DType::uint8, {2, 8, 9, 7}, 5)}});
  }
}

TEST(FuseQuantized, AConvolutionWhoseCodesMeanSomethingElseOrAreReadTwiceStaysByItself) {
  for (bool read_twice : {false, true}) {
    const ModelMaker m = residual_block(false, read_twice ? 128 : 127, read_twice);
    EXPECT_EQ(count(fused(m), "QLinearConvAdd"), 0) << read_twice;
    EXPECT_EQ(count(fused(m), "QLinearAdd"), 1) << read_twice;
    expect_same_codes(m, {{"x", pattern({2, 3, 9, 7}, 2)}, {"r", bytes(DType::uint8, {2, 8, 9, 7}, 5)}});
  }
}

TEST(FuseQuantized, AClampThatSaturationImpliesVanishesAndAnotherBecomesATable) {
  Quantized implied({1, 3, 9, 7}, DType::uint8, 120, DType::uint8, 0.05f, 0),
      narrower({1, 3, 9, 7}, DType::uint8, 120, DType::uint8, 0.05f, 100);
  add_conv(implied, true, "Relu"), add_conv(narrower, true, "Relu");
  EXPECT_EQ(count(fused(implied), "Lookup"), 0);
  EXPECT_EQ(count(fused(narrower), "Lookup"), 1);
  for (const Quantized* m : {&implied, &narrower}) {
    EXPECT_EQ(count(fused(*m), "Relu"), 0);
    expect_same_codes(*m, {{"x", pattern({1, 3, 9, 7}, 2)}});
  }
}

TEST(FuseQuantized, GemmIsAConvolutionOfOnePosition) {
  for (bool transposed : {false, true}) {
    Quantized m({5, 20}, DType::uint8, 120, DType::int8, 0.1f, 3);
    Tensor scales(DType::float32, {6}), zeros(DType::int8, {6});
    for (size_t i = 0; i < 6; ++i) scales.mutable_data<float>()[i] = 0.003f * float(i + 1);
    m.constant("w8", bytes(DType::int8, transposed ? Shape{6, 20} : Shape{20, 6}, 29)).constant("ws", scales).constant("wz", zeros);
    m.node("DequantizeLinear", {"w8", "ws", "wz"}, {"w"}, {attribute("axis", transposed ? 0 : 1)}).constant("b", pattern({6}, 1));
    m.node("Gemm", {"xf", "w", "b"}, {"yf"}, {attribute("transB", transposed ? 1 : 0)});
    m.finish();
    EXPECT_EQ(count(fused(m), "QLinearConv"), 1);
    EXPECT_EQ(count(fused(m), "Gemm"), 0);
    expect_same_codes(m, {{"x", pattern({5, 20}, 2)}});
  }
}

TEST(FuseQuantized, ProductsRunOnCodesAndMayGiveFloats) {
  for (bool per_column : {false, true}) {
    Quantized m({2, 5, 20}, DType::uint8, 120, DType::int8, 0.1f, 3), in_float({2, 5, 20}, DType::uint8, 120, DType::int8, 0.1f, 3);
    Tensor scales(DType::float32, per_column ? Shape{6} : Shape{}), zeros(DType::int8, scales.shape());
    for (size_t i = 0; i < size_t(scales.size()); ++i) scales.mutable_data<float>()[i] = 0.003f * float(i + 1);
    for (Quantized* each : {&m, &in_float}) {
      each->constant("w8", bytes(DType::int8, {20, 6}, 29)).constant("ws", scales).constant("wz", zeros);
      each->node("DequantizeLinear", {"w8", "ws", "wz"}, {"w"}, {attribute("axis", 1)});
    }
    m.node("MatMul", {"xf", "w"}, {"yf"});
    m.finish();
    EXPECT_EQ(count(fused(m), "QLinearMatMul"), 1);
    expect_same_codes(m, {{"x", pattern({2, 5, 20}, 2)}});
    in_float.node("MatMul", {"xf", "w"}, {"y"});
    EXPECT_EQ(count(fused(in_float), "MatMul"), 0);
    const Inputs inputs{{"x", pattern({2, 5, 20}, 2)}};
    const Outputs expected = in_float.session({.backends = {"reference"}, .optimise = false}).run(inputs),
                  got = in_float.session().run(inputs);
    for (size_t i = 0; i < 60; ++i) EXPECT_NEAR(got.value(0).tensor().data<float>()[i], expected.value(0).tensor().data<float>()[i], 1e-4);
  }
}

TEST(FuseQuantized, SumsProductsPoolsAndMovesRunOnCodes) {
  struct Case {
    const char* op;
    std::vector<onnx::AttributeProto> attributes;
    const char* becomes;
    bool two;
  };
  const std::vector<int64_t> three{3, 3}, ones{1, 1, 1, 1}, perm{0, 2, 3, 1};
  const Case cases[] = {{"Add", {}, "QLinearAdd", true},
                        {"Mul", {}, "QLinearMul", true},
                        {"AveragePool", {attribute("kernel_shape", three), attribute("pads", ones)}, "QLinearAveragePool", false},
                        {"GlobalAveragePool", {}, "QLinearGlobalAveragePool", false},
                        {"ReduceMean", {attribute("axes", std::vector<int64_t>{2, -1})}, "QLinearGlobalAveragePool", false},
                        {"MaxPool", {attribute("kernel_shape", three)}, "MaxPool", false},
                        {"Transpose", {attribute("perm", perm)}, "Transpose", false},
                        {"Concat", {attribute("axis", 1)}, "Concat", true},
                        {"Sigmoid", {}, "Lookup", false},
                        {"HardSwish", {}, "Lookup", false}};
  for (const Case& c : cases) {
    Quantized m({2, 20, 9, 7}, DType::uint8, 120, DType::uint8, 0.015f, 110);
    if (c.two) {
      m.constant("k8", bytes(DType::int8, {2, 20, 9, 7}, 13))
          .constant("ks", one(DType::float32, 0.01f))
          .constant("kz", one(DType::int8, -7));
      m.node("DequantizeLinear", {"k8", "ks", "kz"}, {"k"}).node(c.op, {"xf", "k"}, {"yf"}, c.attributes);
    } else {
      m.node(c.op, {"xf"}, {"yf"}, c.attributes);
    }
    m.finish();
    const Graph graph = fused(m);
    EXPECT_EQ(count(graph, c.becomes), 1) << c.op << print(graph);
    EXPECT_EQ(count(graph, "DequantizeLinear"), 0) << c.op << print(graph);
    expect_same_codes(m, {{"x", pattern({2, 20, 9, 7}, 2)}});
  }
}

// A float that others read too stays, and with it the float operator.
TEST(FuseQuantized, AResultThatIsReadAsFloatToo) {
  Quantized m({1, 3, 9, 7}, DType::uint8, 120, DType::uint8, 0.05f, 0);
  add_conv(m, false, "Relu").output("conv");
  EXPECT_EQ(count(fused(m), "QLinearConv"), 0);
  const Graph graph = fused(m);
  const std::vector<FloatNode> left = left_in_float(graph);
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left[0].node->op->name, "Conv");
  EXPECT_EQ(left[0].reason, "its result is not quantized, or read as float too");
  for (const Node& node : fused(m).nodes) EXPECT_FALSE(node.op->name == "DequantizeLinear" && fused(m).constant(node.inputs[0]));
}

}  // namespace
}  // namespace nacre
