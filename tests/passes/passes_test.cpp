#include <cmath>

#include "graph/op.h"
#include "passes/pass.h"
#include "runtime/session_state.h"
#include "tests/support/model_maker.h"

namespace nacre {
namespace {

using namespace test;

int64_t count(const Graph& graph, std::string_view op) {
  return std::count_if(graph.nodes.begin(), graph.nodes.end(), [&](const Node& node) { return node.op->name == op; });
}

Graph optimised(const ModelMaker& m, PassLevel level, const PassOptions& options = {}) {
  Graph graph = *m.import_graph();
  const auto done = optimise(graph, level, options);
  EXPECT_TRUE(done) << done.error().what();
  const auto ok = verify(graph);
  EXPECT_TRUE(ok) << ok.error().what();
  return graph;
}
Graph standard(const ModelMaker& m) { return optimised(m, PassLevel::standard); }
Graph fused(const ModelMaker& m) { return optimised(m, PassLevel::fusion); }

Tensor pattern(Shape shape) {
  Tensor out(DType::float32, std::move(shape));
  float next = 0;
  for (float& x : out.mutable_data<float>()) x = std::sin(next += 1.37f) * 2;
  return out;
}

/// `native` with its fusions gives what `reference` gives without any pass.
void expect_same_results(const ModelMaker& m, const Inputs& inputs) {
  const Outputs expected = m.session({.backends = {"reference"}, .optimise = false}).run(inputs);
  for (const char* engine : {"native", "reference"}) {
    const Outputs got = m.session({.backends = {engine}}).run(inputs);
    for (size_t i = 0; i < expected.size(); ++i) {
      const Tensor &a = got.value(i).tensor(), &b = expected.value(i).tensor();
      ASSERT_EQ(describe(a), describe(b)) << engine;
      for (int64_t k = 0; k < a.size(); ++k)
        ASSERT_NEAR(a.data<float>()[k], b.data<float>()[k], 2e-5) << engine << ", output " << i << " at " << k;
    }
  }
}

// --- fold_constants ---

TEST(FoldConstants, WhatDependsOnConstantsOnlyIsOne) {
  ModelMaker m;
  m.input("x", DType::float32, {2}).output("y").constant("a", floats({2}, {1, 2})).constant("b", floats({2}, {3, 4}));
  m.node("Mul", {"a", "b"}, {"c"}).node("Neg", {"c"}, {"d"}).node("Add", {"x", "d"}, {"y"});
  const Graph g = standard(m);
  ASSERT_EQ(g.nodes.size(), 1u);
  const Tensor* folded = g.constant(g.nodes[0].inputs[1]);
  ASSERT_TRUE(folded);
  EXPECT_EQ(values_of<float>(*folded), (std::vector<float>{-3, -8}));
  expect_same_results(m, {{"x", floats({2}, {1, 1})}});
}

TEST(FoldConstants, ShapesKnownSymbolicallyBecomeReshapeTargets) {
  ModelMaker m;
  m.input("x", DType::float32, {2, 6}).output("y").constant("half", ints({1}, {3}));
  m.constant("zero", ints({}, {0})).constant("axes", ints({1}, {0})).constant("minus", ints({1}, {-1}));
  m.node("Shape", {"x"}, {"s"}).node("Gather", {"s", "zero"}, {"n"}).node("Unsqueeze", {"n", "axes"}, {"n1"});
  m.node("Concat", {"n1", "minus", "half"}, {"t"}, {attribute("axis", 0)}).node("Reshape", {"x", "t"}, {"y"});
  const Graph g = standard(m);
  EXPECT_EQ(g.nodes.size(), 1u) << print(g);
  EXPECT_EQ(g.fact(g.outputs[0]).text(), "float32[2,2,3]");
}

TEST(FoldConstants, RandomOperatorsAreNotFolded) {
  ModelMaker m;
  m.output("y").node("RandomNormal", {}, {"y"}, {attribute("shape", std::vector<int64_t>{2})});
  EXPECT_EQ(standard(m).nodes.size(), 1u);
}

TEST(FoldConstants, LargeResultsOfSmallInputsAreLeftToTheRun) {
  ModelMaker m;
  m.input("x", DType::float32, {1}).output("y").constant("one", floats({1}, {1})).constant("s", ints({1}, {4 << 20}));
  m.node("Expand", {"one", "s"}, {"wide"}).node("Add", {"x", "wide"}, {"y"});
  EXPECT_EQ(count(standard(m), "Expand"), 1);
}

TEST(FoldConstants, AFailureBelongsToTheRunThatReachesIt) {
  ModelMaker m;
  m.input("x", DType::float32, {1}).output("y").output("z").constant("w", floats({2}, {1, 2})).constant("i", ints({1}, {7}));
  m.node("Gather", {"w", "i"}, {"y"}, {}, "", "outside").node("Neg", {"x"}, {"z"});
  const Session session = m.session();
  expect_error(thrown_by([&] { session.run({{"x", floats({1}, {1})}}); }), ErrorCode::invalid_argument, {"outside"});
}

// --- drop_identities ---

TEST(DropIdentities, NodesThatGiveBackTheirInputVanish) {
  ModelMaker m;
  m.input("x", DType::float32, {"n", 3}).output("y").constant("keep", ints({2}, {0, -1}));
  m.node("Identity", {"x"}, {"a"}).node("Cast", {"a"}, {"b"}, {attribute("to", 1)}).node("Dropout", {"b"}, {"c"});
  m.node("Transpose", {"c"}, {"d"}, {attribute("perm", std::vector<int64_t>{0, 1})})
      .node("Reshape", {"d", "keep"}, {"e"})
      .node("Neg", {"e"}, {"y"});
  const Graph g = standard(m);
  ASSERT_EQ(g.nodes.size(), 1u) << print(g);
  EXPECT_EQ(g.nodes[0].inputs[0], g.inputs[0]);
  expect_same_results(m, {{"x", pattern({2, 3})}});
}

TEST(DropIdentities, WhatChangesAnythingStays) {
  ModelMaker m;
  m.input("x", DType::float32, {2, 2}).input("t", DType::boolean, {}).output("a").output("b").output("c").output("d");
  m.node("Cast", {"x"}, {"a"}, {attribute("to", 11)}).node("Transpose", {"x"}, {"b"}).node("Dropout", {"x"}, {"c", "mask"});
  m.proto.node.back().output = keep(Names{"c", "mask"});
  m.output("mask").node("Dropout", {"x", "", "t"}, {"d"});
  EXPECT_EQ(standard(m).nodes.size(), 4u);
}

TEST(DropIdentities, TrainingFlagOfAnotherTypeOrSizeIsNoReasonToFail) {
  for (const Tensor& flag : {ints({}, {0}), Tensor(DType::boolean, {0})}) {
    ModelMaker m;
    m.input("x", DType::float32, {2}).output("y").constant("t", flag).node("Dropout", {"x", "", "t"}, {"y"});
    if (auto graph = m.import_graph()) (void)optimise(*graph, PassLevel::standard);  // a result or an error
  }
}

TEST(DropIdentities, AnOutputThatIsAnInputStaysAnOutput) {
  ModelMaker m;
  m.input("x", DType::float32, {2}).output("y").output("z").node("Identity", {"x"}, {"y"}).node("Identity", {"y"}, {"z"});
  const Graph g = standard(m);
  EXPECT_EQ(g.nodes.size(), 0u);
  EXPECT_EQ(g.output_names, (std::vector<std::string>{"y", "z"}));
  expect_same_results(m, {{"x", pattern({2})}});
}

// --- fusions: the pattern becomes one node, its likes do not, and numbers stay ---

ModelMaker layer_norm(Shape epsilon_shape, const char* square, bool shift) {
  ModelMaker m(17);
  m.input("x", DType::float32, {"n", 5, 8})
      .output("y")
      .constant("two", floats({}, {2}))
      .constant("eps", Tensor(DType::float32, epsilon_shape));
  m.constant("gamma", pattern({8})).constant("beta", pattern({8}));
  const auto last = attribute("axes", std::vector<int64_t>{-1});
  m.node("ReduceMean", {"x"}, {"mean"}, {last}).node("Sub", {"x", "mean"}, {"d"});
  if (std::string_view(square) == "Pow")
    m.node("Pow", {"d", "two"}, {"d2"});
  else
    m.node("Mul", {"d", "d"}, {"d2"});
  m.node("ReduceMean", {"d2"}, {"var"}, {last})
      .node("Add", {"var", "eps"}, {"ve"})
      .node("Sqrt", {"ve"}, {"std"})
      .node("Div", {"d", "std"}, {"norm"});
  m.node("Mul", {"norm", "gamma"}, {shift ? "scaled" : "y"});
  if (shift) m.node("Add", {"scaled", "beta"}, {"y"});
  return m;
}

TEST(FuseNorm, LayerNormInEverySpelling) {
  for (const char* square : {"Pow", "Mul"})
    for (bool shift : {true, false}) {
      const ModelMaker m = layer_norm({}, square, shift);
      const Graph g = fused(m);
      EXPECT_EQ(count(g, "LayerNormalization"), 1) << print(g);
      EXPECT_EQ(g.nodes.size(), 1u) << print(g);
      expect_same_results(m, {{"x", pattern({2, 5, 8})}});
    }
}

TEST(FuseNorm, ScalarsThatAddAxesKeepTheShape) {
  const ModelMaker m = layer_norm({1, 1, 1, 1}, "Mul", true);  // the result is [1, n, 5, 8]
  EXPECT_EQ(count(fused(m), "LayerNormalization"), 0);
  expect_same_results(m, {{"x", pattern({2, 5, 8})}});
}

TEST(FuseNorm, RmsNormByReciprocalOrDivision) {
  for (const char* inverse : {"Reciprocal", "Div", "direct"}) {
    ModelMaker m(17);
    m.input("x", DType::float32, {"n", 8})
        .output("y")
        .constant("two", floats({}, {2}))
        .constant("eps", floats({}, {1e-5f}))
        .constant("one", floats({}, {1}));
    m.constant("gamma", pattern({8}));
    m.node("Pow", {"x", "two"}, {"x2"})
        .node("ReduceMean", {"x2"}, {"v"}, {attribute("axes", std::vector<int64_t>{-1})})
        .node("Add", {"v", "eps"}, {"ve"})
        .node("Sqrt", {"ve"}, {"s"});
    if (std::string_view(inverse) == "direct")
      m.node("Div", {"x", "s"}, {"n"});
    else
      (std::string_view(inverse) == "Div" ? m.node("Div", {"one", "s"}, {"r"}) : m.node("Reciprocal", {"s"}, {"r"}))
          .node("Mul", {"x", "r"}, {"n"});
    m.node("Mul", {"gamma", "n"}, {"y"});
    EXPECT_EQ(count(fused(m), "RMSNormalization"), 1) << inverse;
    expect_same_results(m, {{"x", pattern({3, 8})}});
  }
}

TEST(FuseNorm, AVarianceThatIsReadElsewhereIsNotFusedAway) {
  ModelMaker m = layer_norm({}, "Mul", true);
  m.output("var");
  EXPECT_EQ(count(fused(m), "LayerNormalization"), 0);
  expect_same_results(m, {{"x", pattern({2, 5, 8})}});
}

ModelMaker gelu(int order, Shape half_shape = {}) {
  ModelMaker m(17);
  m.input("x", DType::float32, {"n", 4}).output("y");
  Tensor half(DType::float32, half_shape);
  for (float& v : half.mutable_data<float>()) v = 0.5f;
  m.constant("root", floats({}, {1.41421354f})).constant("one", floats({}, {1})).constant("half", half);
  m.node("Div", {"x", "root"}, {"s"}).node("Erf", {"s"}, {"e"}).node("Add", {"e", "one"}, {"g"});
  if (order == 0) m.node("Mul", {"x", "g"}, {"t"}).node("Mul", {"t", "half"}, {"y"});
  if (order == 1) m.node("Mul", {"x", "half"}, {"t"}).node("Mul", {"t", "g"}, {"y"});
  if (order == 2) m.node("Mul", {"half", "g"}, {"t"}).node("Mul", {"x", "t"}, {"y"});
  return m;
}

TEST(FuseGelu, FactorsInAnyOrder) {
  for (int order : {0, 1, 2}) {
    const Graph g = fused(gelu(order));
    EXPECT_EQ(count(g, "Gelu"), 1) << print(g);
    EXPECT_EQ(g.nodes.size(), 1u) << print(g);
    expect_same_results(gelu(order), {{"x", pattern({3, 4})}});
  }
}

TEST(FuseGelu, AHalfThatAddsAxesKeepsTheShape) {
  EXPECT_EQ(count(fused(gelu(0, {1, 1, 1})), "Gelu"), 0);
  expect_same_results(gelu(0, {1, 1, 1}), {{"x", pattern({3, 4})}});
}

TEST(FuseGelu, OtherFactorsStay) {
  ModelMaker m = gelu(0);
  m.proto.initializer[0] = onnx::from_tensor(keep(floats({}, {1.5f})), "root");
  EXPECT_EQ(count(fused(m), "Gelu"), 0);
  expect_same_results(m, {{"x", pattern({3, 4})}});
}

TEST(FuseGelu, TanhFormAndSilu) {
  ModelMaker m(17);
  m.input("x", DType::float32, {"n", 4}).output("y").output("z").constant("three", floats({}, {3})).constant("c", floats({}, {0.044715f}));
  m.constant("k", floats({}, {0.797884583f})).constant("one", floats({}, {1})).constant("half", floats({}, {0.5f}));
  m.node("Pow", {"x", "three"}, {"p"})
      .node("Mul", {"c", "p"}, {"q"})
      .node("Add", {"x", "q"}, {"r"})
      .node("Mul", {"k", "r"}, {"s"})
      .node("Tanh", {"s"}, {"t"});
  m.node("Add", {"one", "t"}, {"g"}).node("Mul", {"half", "x"}, {"h"}).node("Mul", {"h", "g"}, {"y"});
  m.node("Sigmoid", {"x"}, {"sig"}).node("Mul", {"sig", "x"}, {"z"});
  const Graph g = fused(m);
  EXPECT_EQ(count(g, "Gelu"), 1) << print(g);
  EXPECT_EQ(count(g, "Swish"), 1) << print(g);
  expect_same_results(m, {{"x", pattern({3, 4})}});
}

TEST(FuseLinear, BiasResidualAndActivationInEveryOrder) {
  for (const char* activation : {"Relu", "Selu"})  // one that scales its result
    for (const char* order : {"b", "ba", "bra", "bar", "r", "ra", "a", "ar", "rb"}) {
      ModelMaker m;
      m.input("x", DType::float32, {"n", 6})
          .input("r", DType::float32, {"n", 5})
          .output("y")
          .constant("w", pattern({6, 5}))
          .constant("bias", pattern({5}));
      m.node("MatMul", {"x", "w"}, {"0"});
      std::string last = "0";
      for (size_t i = 0; order[i]; ++i) {
        const std::string next = order[i + 1] ? std::to_string(i + 1) : "y";
        if (order[i] == 'b') m.node("Add", {"bias", last}, {next});
        if (order[i] == 'r') m.node("Add", {last, "r"}, {next});
        if (order[i] == 'a') m.node(activation, {last}, {next});
        last = next;
      }
      EXPECT_EQ(count(fused(m), "Linear"), 1) << order;
      EXPECT_EQ(count(fused(m), activation), 0) << order;
      expect_same_results(m, {{"x", pattern({7, 6})}, {"r", pattern({7, 5})}});
      expect_same_results(m, {{"x", pattern({1, 6})}, {"r", pattern({7, 5})}});  // one name for two sizes: it broadcasts
    }
}

TEST(FoldConv, NormalisationBehindAPlainOrTransposedConvolution) {
  for (const char* op : {"Conv", "ConvTranspose"}) {
    ModelMaker m;
    m.input("x", DType::float32, {2, 3, 5, 4}).output("y").constant("w", pattern({3, 3, 2, 2})).constant("bias", pattern({3}));
    m.constant("scale", floats({3}, {1, 2, 3})).constant("shift", floats({3}, {-1, 0, 1})).constant("mean", floats({3}, {0.5, 0, -0.5}));
    m.constant("variance", floats({3}, {0.5, 1, 2})).constant("factor", floats({3, 1, 1}, {2, -1, 0.5}));
    m.node(op, {"x", "w", "bias"}, {"0"}, {attribute("strides", std::vector<int64_t>{2, 2})});
    m.node("BatchNormalization", {"0", "scale", "shift", "mean", "variance"}, {"1"}).node("Mul", {"factor", "1"}, {"y"});
    EXPECT_EQ(count(fused(m), op), 1) << op;
    EXPECT_EQ(count(fused(m), "BatchNormalization") + count(fused(m), "Mul"), 0) << op;
    expect_same_results(m, {{"x", pattern({2, 3, 5, 4})}});
  }
  ModelMaker m;  // each group has its own channels of weights
  m.input("x", DType::float32, {1, 4, 3, 3})
      .output("y")
      .constant("w", pattern({4, 2, 2, 2}))
      .constant("f", floats({4, 1, 1}, {1, 2, 3, 4}));
  m.node("ConvTranspose", {"x", "w"}, {"0"}, {attribute("group", int64_t{2})}).node("Mul", {"0", "f"}, {"y"});
  EXPECT_EQ(count(fused(m), "Mul"), 1);
  expect_same_results(m, {{"x", pattern({1, 4, 3, 3})}});
}

TEST(FuseLinear, GemmForms) {
  for (int transposed : {0, 1})
    for (float alpha : {1.0f, 0.5f}) {
      ModelMaker m;
      m.input("x", DType::float32, {"n", 6})
          .output("y")
          .constant("w", transposed ? pattern({5, 6}) : pattern({6, 5}))
          .constant("c", pattern({5}));
      m.node("Gemm", {"x", "w", "c"}, {"g"}, {attribute("transB", transposed), attribute("alpha", alpha)}).node("Relu", {"g"}, {"y"});
      EXPECT_EQ(count(fused(m), "Linear"), alpha == 1);
      expect_same_results(m, {{"x", pattern({3, 6})}});
    }
}

TEST(FuseLinear, AProductThatIsReadTwiceKeepsItsOwnValue) {
  ModelMaker m;
  m.input("x", DType::float32, {2, 3}).output("y").output("p").constant("w", pattern({3, 3})).constant("b", pattern({3}));
  m.node("MatMul", {"x", "w"}, {"p"}).node("Add", {"p", "b"}, {"a"}).node("Add", {"a", "p"}, {"y"});
  expect_same_results(m, {{"x", pattern({2, 3})}});
}

TEST(FuseLinear, BiasOfAnotherRankOrLengthIsNoBias) {
  for (const Shape& shape : {Shape{1}, Shape{2, 1}, Shape{1, 1, 3}}) {
    ModelMaker m;
    m.input("x", DType::float32, {2, 3}).output("y").constant("w", pattern({3, 3})).constant("b", pattern(shape));
    m.node("MatMul", {"x", "w"}, {"p"}).node("Add", {"p", "b"}, {"y"});
    expect_same_results(m, {{"x", pattern({2, 3})}});
  }
}

TEST(FuseConv, ResidualAndActivationInEitherOrder) {
  for (const char* order : {"r", "ra", "ar", "a"}) {
    ModelMaker m;
    m.input("x", DType::float32, {1, 2, "h", 5})
        .input("r", DType::float32, {1, 3, "h", 5})
        .output("y")
        .constant("w", pattern({3, 2, 3, 3}))
        .constant("b", pattern({3}));
    m.node("Conv", {"x", "w", "b"}, {"0"}, {attribute("pads", std::vector<int64_t>{1, 1, 1, 1})});
    std::string last = "0";
    for (size_t i = 0; order[i]; ++i) {
      const std::string next = order[i + 1] ? std::to_string(i + 1) : "y";
      if (order[i] == 'r') m.node("Add", {"r", last}, {next});
      if (order[i] == 'a') m.node("Relu", {last}, {next});
      last = next;
    }
    expect_same_results(m, {{"x", pattern({1, 2, 4, 5})}, {"r", pattern({1, 3, 4, 5})}});
  }
}

TEST(Passes, RunInBodiesToo) {
  GraphProtoMaker yes, no;
  yes.output("a").node("Identity", {"x"}, {"i"}).node("Neg", {"i"}, {"a"});
  no.output("b").node("Abs", {"x"}, {"b"});
  ModelMaker m;
  m.input("x", DType::float32, {2}).input("c", DType::boolean, {}).output("y");
  m.node("If", {"c"}, {"y"}, {attribute("then_branch", yes.proto), attribute("else_branch", no.proto)});
  const Graph g = standard(m);
  EXPECT_EQ(count(*g.nodes[0].body("then_branch")->graph, "Identity"), 0);
}

}  // namespace
}  // namespace nacre
