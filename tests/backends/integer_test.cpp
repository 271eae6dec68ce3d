// 8-bit products on our engine: to the bit what the reference gives, fused or not, and none of them evaluated plainly.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "graph/op.h"
#include "passes/pass.h"
#include "runtime/session_state.h"
#include "tests/support/model_maker.h"

namespace nacre {
namespace {

using namespace test;

Tensor bytes(DType dtype, Shape shape, int seed) {
  Tensor out(dtype, std::move(shape));
  auto* values = static_cast<uint8_t*>(out.mutable_raw());
  for (int64_t i = 0; i < out.size(); ++i) values[i] = uint8_t((i * 73 + seed * 31 + i * i % 17) % 256);
  return out;
}
Tensor waves(Shape shape, float scale, float step) {
  Tensor out(DType::float32, std::move(shape));
  float at = 0;
  for (float& x : out.mutable_data<float>()) x = std::sin(at += step) * scale;
  return out;
}

std::vector<Dim> dims(const Shape& shape) { return {shape.begin(), shape.end()}; }

/// `native`, with one thread and two, gives the bits that `reference` gives without any pass.
void expect_bits(const ModelMaker& m, const Inputs& inputs, bool optimise = true) {
  const Outputs expected = m.session({.backends = {"reference"}, .optimise = false}).run(inputs);
  for (int threads : {1, 2}) {
    const Session session = m.session({.backends = {"native"}, .threads = threads, .optimise = optimise});
    const Outputs got = session.run(inputs);
    for (size_t i = 0; i < expected.size(); ++i) {
      const Tensor &a = got.value(i).tensor(), &b = expected.value(i).tensor();
      ASSERT_EQ(describe(a), describe(b));
      EXPECT_EQ(std::memcmp(a.raw(), b.raw(), b.byte_size()), 0) << "output " << i << ", threads " << threads;
    }
  }
}

struct Types {
  DType a, b;
};
constexpr Types kTypes[] = {
    {DType::uint8, DType::int8}, {DType::int8, DType::int8}, {DType::uint8, DType::uint8}, {DType::int8, DType::uint8}};

TEST(IntegerProducts, MatMulIntegerOfEveryTypeWithFixedAndOtherOperands) {
  for (const Types types : kTypes)
    for (const bool fixed : {true, false})
      for (const bool by_row : {false, true}) {
        ModelMaker m;
        m.input("a", types.a, {33, 70}).output("y").constant("za", bytes(types.a, by_row ? Shape{33} : Shape{}, 5));
        m.constant("zb", bytes(types.b, by_row ? Shape{95} : Shape{1}, 9));
        Inputs inputs{{"a", bytes(types.a, {33, 70}, 1)}};
        const Tensor b = bytes(types.b, {70, 95}, 2);
        if (fixed)
          m.constant("b", b);
        else
          m.input("b", types.b, {70, 95}), inputs.emplace_back("b", b);
        m.node("MatMulInteger", {"a", "b", "za", "zb"}, {"y"});
        expect_bits(m, inputs);
      }
}

TEST(IntegerProducts, BatchesBroadcast) {
  struct Case {
    Shape a, b;
  };
  for (const Case& c :
       {Case{{2, 3, 5, 9}, {9, 37}}, Case{{2, 3, 5, 9}, {3, 9, 37}}, Case{{5, 9}, {4, 9, 37}}, Case{{2, 1, 5, 9}, {1, 3, 9, 37}},
        Case{{1, 5, 9}, {9, 37}}, Case{{0, 5, 9}, {9, 37}}, Case{{2, 5, 0}, {0, 37}}, Case{{9}, {9, 37}}, Case{{5, 9}, {9}}}) {
    ModelMaker m;
    m.input("a", DType::uint8, dims(c.a)).input("b", DType::int8, dims(c.b)).output("y");
    m.constant("za", bytes(DType::uint8, {}, 4)).node("MatMulInteger", {"a", "b", "za"}, {"y"});
    expect_bits(m, {{"a", bytes(DType::uint8, c.a, 1)}, {"b", bytes(DType::int8, c.b, 2)}});
  }
}

TEST(IntegerProducts, QLinearMatMulRoundsAndSaturatesAsTheReference) {
  for (const Types types : kTypes)
    for (const bool by_column : {false, true})
      for (const float y_scale : {0.5f, 40.0f}) {
        ModelMaker m;
        m.input("a", types.a, {2, 7, 64}).output("y").constant("b", bytes(types.b, {64, 50}, 2));
        m.constant("sa", floats({}, {0.25f})).constant("za", bytes(types.a, {}, 4));
        Tensor scales(DType::float32, by_column ? Shape{50} : Shape{});
        for (int64_t i = 0; i < scales.size(); ++i) scales.mutable_data<float>()[size_t(i)] = 0.125f + 0.01f * float(i);
        m.constant("sb", scales).constant("zb", bytes(types.b, by_column ? Shape{50} : Shape{}, 3));
        m.constant("sy", floats({}, {y_scale})).constant("zy", bytes(types.a, {}, 6));
        m.node("QLinearMatMul", {"a", "sa", "za", "b", "sb", "zb", "sy", "zy"}, {"y"});
        expect_bits(m, {{"a", bytes(types.a, {2, 7, 64}, 1)}});
      }
}

TEST(IntegerProducts, DynamicQuantizeLinearIsTheReferencesToTheBit) {
  for (int64_t size : {1, 7, 300, 70000})
    for (float scale : {0.0f, 1e-3f, 5.0f, 1e30f}) {
      ModelMaker m;
      m.input("x", DType::float32, {size}).output("y").output("s").output("z").node("DynamicQuantizeLinear", {"x"}, {"y", "s", "z"});
      expect_bits(m, {{"x", waves({size}, scale, 0.7f)}});
    }
}

/// What dynamic quantization makes of a layer: one x for several products, scales, biases, a residual and an activation.
ModelMaker quantized_layer(bool bias_first, std::string_view activation) {
  ModelMaker m;
  m.input("x", DType::float32, {"n", 8, 48}).output("y0").output("y1").constant("zb", bytes(DType::int8, {}, 0));
  m.node("DynamicQuantizeLinear", {"x"}, {"q", "s", "z"});
  for (const std::string i : {"0", "1"}) {
    m.constant("w" + i, bytes(DType::int8, {48, 48}, i == "0" ? 3 : 8))
        .constant("ws" + i, floats({}, {0.013f}))
        .constant("b" + i, waves({48}, 2, 0.3f));
    m.node("MatMulInteger", {"q", "w" + i, "z", "zb"}, {"sums" + i}).node("Cast", {"sums" + i}, {"f" + i}, {attribute("to", int64_t(1))});
    m.node("Mul", {"s", "ws" + i}, {"scale" + i}).node("Mul", {"f" + i, "scale" + i}, {"p" + i});
    m.node("Add", bias_first ? Names{"b" + i, "p" + i} : Names{"p" + i, "b" + i}, {"t" + i});
    std::string last = "t" + i;
    if (!activation.empty()) m.node(std::string(activation), {last}, {"u" + i}), last = "u" + i;
    m.node("Add", {"x", last}, {"y" + i});
  }
  return m;
}

TEST(IntegerProducts, ADynamicallyQuantizedLayerIsTwoProductsOfOneQuantizedInput) {
  Graph graph = *quantized_layer(true, "Relu").import_graph();
  ASSERT_TRUE(optimise(graph, PassLevel::fusion));
  const auto count = [&](std::string_view op) {
    return std::count_if(graph.nodes.begin(), graph.nodes.end(), [&](const Node& node) { return node.op->name == op; });
  };
  EXPECT_EQ(count("IntegerLinear"), 2);
  EXPECT_EQ(count("DynamicQuantizeLinear"), 1);
  EXPECT_EQ(graph.nodes.size(), 3u) << "scales, casts, biases, activations and residuals are part of the products";
}

TEST(IntegerProducts, FusedAndUnfusedLayersGiveTheSameBits) {
  for (const bool bias_first : {false, true})
    for (std::string_view activation : {"", "Relu", "Neg"}) {
      const ModelMaker m = quantized_layer(bias_first, activation);
      for (int64_t n : {1, 3}) {
        const Inputs inputs{{"x", waves({n, 8, 48}, 3, 0.37f)}};
        expect_bits(m, inputs, true);
        expect_bits(m, inputs, false);
      }
    }
}

TEST(IntegerProducts, NoneIsEvaluatedPlainly) {
  for (const bool optimise : {true, false}) {
    const Session session = quantized_layer(true, "Relu").session({.backends = {"native"}, .optimise = optimise});
    Profile profile;
    session.run({{"x", waves({2, 8, 48}, 3, 0.37f)}}, {.profile = &profile});
    ASSERT_FALSE(profile.nodes.empty());
    for (const NodeProfile& node : profile.nodes) EXPECT_NE(node.kernel, "reference") << node.op;
  }
}

// --- convolutions ---

struct ConvCase {
  Shape x, w;
  int64_t groups, stride, pad, dilation;
};
const ConvCase kConvs[] = {{{2, 5, 9, 7}, {37, 5, 1, 1}, 1, 1, 0, 1},    {{1, 16, 12, 12}, {20, 16, 3, 3}, 1, 1, 1, 1},
                           {{2, 7, 11, 9}, {33, 7, 3, 3}, 1, 2, 1, 1},   {{1, 12, 8, 8}, {8, 3, 3, 3}, 4, 1, 1, 1},
                           {{2, 70, 9, 9}, {70, 1, 3, 3}, 70, 1, 1, 1},  {{1, 6, 31}, {9, 6, 5}, 1, 1, 2, 2},
                           {{1, 64, 40, 40}, {64, 64, 3, 3}, 1, 1, 1, 1}};

std::vector<onnx::AttributeProto> attributes_of(const ConvCase& c) {
  const std::vector<int64_t> strides(c.w.size() - 2, c.stride), pads(2 * (c.w.size() - 2), c.pad), dilations(c.w.size() - 2, c.dilation);
  return {attribute("strides", strides), attribute("pads", pads), attribute("dilations", dilations), attribute("group", c.groups)};
}

TEST(IntegerConvolutions, OfEveryTypeWithZeroPointsOfTensorsAndChannels) {
  for (const ConvCase& c : kConvs)
    for (const Types types : kTypes)
      for (const bool by_channel : {false, true}) {
        ModelMaker m;
        m.input("x", types.a, dims(c.x)).input("zx", types.a, {}).output("y").constant("w", bytes(types.b, c.w, 2));
        m.constant("zw", bytes(types.b, by_channel ? Shape{c.w[0]} : Shape{}, 9));
        m.node("ConvInteger", {"x", "w", "zx", "zw"}, {"y"}, attributes_of(c));
        expect_bits(m, {{"x", bytes(types.a, c.x, 1)}, {"zx", bytes(types.a, {}, 5)}});
      }
}

/// What dynamic quantization makes of a convolution: quantized input, sums, scales, a bias and what follows.
ModelMaker quantized_convolution(const ConvCase& c, DType weights, bool by_channel, std::string_view activation) {
  ModelMaker m;
  m.input("x", DType::float32, dims(c.x)).output("y").constant("w", bytes(weights, c.w, 2)).constant("zw", bytes(weights, {}, 7));
  Shape row(c.w.size(), 1);
  row[1] = c.w[0];
  Tensor steps = waves(by_channel ? row : Shape{}, 0.01f, 0.3f);
  for (float& step : steps.mutable_data<float>()) step = std::abs(step) + 0.001f;
  m.constant("ws", steps).constant("b", waves(row, 2, 0.3f));
  m.node("DynamicQuantizeLinear", {"x"}, {"q", "s", "z"}).node("ConvInteger", {"q", "w", "z", "zw"}, {"sums"}, attributes_of(c));
  m.node("Cast", {"sums"}, {"f"}, {attribute("to", int64_t(1))}).node("Mul", {"s", "ws"}, {"scale"}).node("Mul", {"f", "scale"}, {"p"});
  m.node("Add", {"p", "b"}, {"t"});
  if (activation.empty()) return m.node("Neg", {"t"}, {"y"}), m;
  const bool adds = c.w[0] == c.x[1] && c.stride == 1;
  m.node(std::string(activation), {"t"}, {"u"}).node(adds ? "Add" : "Identity", adds ? Names{"x", "u"} : Names{"u"}, {"y"});
  return m;
}

TEST(IntegerConvolutions, FusedAndUnfusedGiveTheSameBits) {
  for (const ConvCase& c : kConvs)
    for (const DType weights : {DType::int8, DType::uint8})
      for (const bool by_channel : {false, true})
        for (std::string_view activation : {"", "Relu"}) {
          const ModelMaker m = quantized_convolution(c, weights, by_channel, activation);
          const Inputs inputs{{"x", waves(c.x, 3, 0.37f)}};
          expect_bits(m, inputs, true);
          expect_bits(m, inputs, false);
        }
}

TEST(IntegerConvolutions, ScalesBiasAndActivationArePartOfTheConvolution) {
  for (const bool by_channel : {false, true}) {
    const ModelMaker m = quantized_convolution(kConvs[6], DType::uint8, by_channel, "Relu");
    Graph graph = *m.import_graph();
    ASSERT_TRUE(optimise(graph, PassLevel::standard));
    ASSERT_TRUE(optimise(graph, PassLevel::fusion));
    std::vector<std::string_view> left;
    for (const Node& node : graph.nodes) left.push_back(node.op->name);
    EXPECT_EQ(left, (std::vector<std::string_view>{"DynamicQuantizeLinear", "IntegerConv"}));
    Profile profile;
    m.session({.backends = {"native"}}).run({{"x", waves(kConvs[6].x, 3, 0.37f)}}, {.profile = &profile});
    for (const NodeProfile& node : profile.nodes) EXPECT_NE(node.kernel, "reference") << node.op;
  }
}

}  // namespace
}  // namespace nacre
