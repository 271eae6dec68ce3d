#include "graph/op.h"
#include "importers/onnx/import.h"
#include "tests/support/model_maker.h"

namespace nacre {
namespace {

using namespace test;

Error import_error(const ModelMaker& m) {
  auto graph = m.import_graph();
  if (graph) ADD_FAILURE() << "imported";
  return graph ? Error(ErrorCode::internal, "") : graph.error();
}

std::vector<float> run1(const Session& session, const Inputs& inputs, std::string_view output = "y") {
  return values_of<float>(session.run(inputs)[output]);
}

// --- files that are none ---

TEST(NotOnnx, OtherKindsOfFilesAreCalledByTheirNames) {
  const auto said = [](std::string_view bytes) {
    const auto graph = import_onnx_bytes(std::as_bytes(std::span(bytes)), nullptr);
    return graph ? std::string("imported") : graph.error().message();
  };
  using namespace std::literals;
  EXPECT_EQ(said("# Nacre\n\nRuns \xc3\xa9 models.\n"), "this is not an ONNX model but text");
  EXPECT_EQ(said("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"),
            "this is not an ONNX model but a pointer of Git LFS: the model itself was not fetched (git lfs pull)");
  EXPECT_EQ(said("PK\x03\x04\x14\0\0\0"sv), "this is not an ONNX model but a zip archive (as PyTorch saves checkpoints)");
  EXPECT_NE(said("\x10\0\0\0\0\0\0\0{\"__metadata__\""sv).find("safetensors"), std::string::npos);
  EXPECT_NE(said("\xff\xff\xff"sv).find("ModelProto"), std::string::npos) << "what is known of a damaged model is said as before";
  EXPECT_NE(said("").find("is it an ONNX model?"), std::string::npos);
}

// --- opsets ---

TEST(Opsets, EveryOneIsUnderstood) {
  for (int64_t opset = 1; opset <= kNewestOpset; ++opset) {
    ModelMaker m(opset);
    m.input("x", DType::float32, {2}).output("y", DType::float32, {2}).node("Relu", {"x"}, {"y"});
    EXPECT_EQ(run1(m.session(), {{"x", floats({2}, {-1, 2})}}), (std::vector<float>{0, 2})) << opset;
  }
}

TEST(Opsets, NewerThanKnownIsRefusedNamingBoth) {
  ModelMaker m(kNewestOpset + 1);
  m.output("y").constant("y", floats({1}, {1}));
  expect_error(import_error(m), ErrorCode::unsupported, {"opset 28", "1 to 27"});
}

TEST(Opsets, SqueezeAxesMovedFromAttributeToInput) {
  ModelMaker old(11), now(13);
  old.input("x", DType::float32, {1, 2, 1})
      .output("y", DType::float32, {1, 2})
      .node("Squeeze", {"x"}, {"y"}, {attribute("axes", std::vector<int64_t>{2})});
  now.input("x", DType::float32, {1, 2, 1})
      .output("y", DType::float32, {1, 2})
      .constant("axes", ints({1}, {2}))
      .node("Squeeze", {"x", "axes"}, {"y"});
  for (const ModelMaker& m : {old, now}) EXPECT_EQ(m.session().outputs()[0].type, "float32[1,2]");
}

TEST(Opsets, SoftmaxBefore13FlattensFromItsAxis) {
  // numpy: exp(x) / exp(x).sum() over all four for opset 11 (axis 1 of [1,2,2]), over rows for opset 13
  for (const auto& [opset, expected] : {std::pair(11, 0.25f), std::pair(13, 0.5f)}) {
    ModelMaker m(opset);
    m.input("x", DType::float32, {1, 2, 2}).output("y", DType::float32, {1, 2, 2}).node("Softmax", {"x"}, {"y"});
    EXPECT_NEAR(run1(m.session(), {{"x", floats({1, 2, 2}, {0, 0, 0, 0})}})[0], expected, 1e-6) << opset;
  }
}

TEST(Opsets, AddBefore7BroadcastsAlongAnAxis) {
  ModelMaker m(6);
  m.input("x", DType::float32, {2, 3}).input("b", DType::float32, {2}).output("y", DType::float32, {2, 3});
  m.node("Add", {"x", "b"}, {"y"}, {attribute("broadcast", 1), attribute("axis", 0)});
  EXPECT_EQ(run1(m.session(), {{"x", Tensor(DType::float32, {2, 3})}, {"b", floats({2}, {1, 2})}}), (std::vector<float>{1, 1, 1, 2, 2, 2}));
}

TEST(Opsets, AModelWithoutOpsetImportsIsOpset1) {
  ModelMaker m(1, 1);
  m.model.opset_import.clear();
  m.input("x", DType::float32, {1, 1})
      .output("y", DType::float32, {1, 1})
      .node("Relu", {"x"}, {"y"}, {attribute("consumed_inputs", std::vector<int64_t>{0})});
  EXPECT_EQ(run1(m.session(), {{"x", floats({1, 1}, {-3})}}), (std::vector<float>{0}));
}

TEST(Opsets, UnknownOperatorListsDomainNameVersionAndNode) {
  ModelMaker m(17);
  m.input("x", DType::float32, {1}).output("y").node("Frobnicate", {"x"}, {"y"}, {}, "", "n7");
  expect_error(import_error(m), ErrorCode::unsupported, {"ai.onnx", "Frobnicate", "17", "n7"});
  ModelMaker custom;
  custom.import("com.example", 3).input("x", DType::float32, {1}).output("y").node("Thing", {"x"}, {"y"}, {}, "com.example", "t");
  expect_error(import_error(custom), ErrorCode::unsupported, {"com.example", "Thing", "3", "\"t\""});
}

TEST(Opsets, OperatorNewerThanTheModelIsRefusedWithItsFirstOpset) {
  ModelMaker m(17);
  m.input("x", DType::float32, {1}).output("y").node("Gelu", {"x"}, {"y"}, {}, "", "g");
  expect_error(import_error(m), ErrorCode::unsupported, {"Gelu", "opset 17", "from opset 20"});
}

TEST(Opsets, EveryRowHasVersionsInOrder) {
  for (const Op* op : all_ops()) {
    ASSERT_GT(op->since.size(), 0u) << op->name;
    EXPECT_TRUE(std::is_sorted(op->since.begin(), op->since.end())) << op->name;
    EXPECT_GE(*op->since.begin(), 1) << op->name;
    if (const int last = *(op->since.end() - 1); op->domain.empty() && last != INT32_MAX)
      EXPECT_LE(last, kNewestOpset) << op->name;  // that: always rewritten
    EXPECT_TRUE(op->infer && op->evaluate) << op->name;
  }
}

// --- initializers ---

TEST(Initializers, BeforeIrVersion4TheyAreInputsToo) {
  ModelMaker m(8, 3);
  m.input("x", DType::float32, {2}).input("w", DType::float32, {2}).output("y", DType::float32, {2});
  m.constant("w", floats({2}, {10, 20})).node("Add", {"x", "w"}, {"y"});
  const Session session = m.session();
  ASSERT_EQ(session.inputs().size(), 1u);
  EXPECT_EQ(run1(session, {{"x", floats({2}, {1, 2})}}), (std::vector<float>{11, 22}));
}

TEST(Initializers, SparseOnesAreDense) {
  ModelMaker m;
  onnx::SparseTensorProto sparse;
  sparse.dims = {2, 3};
  sparse.values = onnx::from_tensor(keep(floats({2}, {5, 7})), "w");
  sparse.indices = onnx::from_tensor(keep(ints({2}, {1, 5})));
  m.proto.sparse_initializer.push_back(sparse);
  m.input("x", DType::float32, {2, 3}).output("y", DType::float32, {2, 3}).node("Add", {"x", "w"}, {"y"});
  EXPECT_EQ(run1(m.session(), {{"x", Tensor(DType::float32, {2, 3})}}), (std::vector<float>{0, 5, 0, 0, 0, 7}));
}

TEST(Initializers, ConstantNodesOfEveryAttribute) {
  ModelMaker m;
  m.input("x", DType::float32, {1}).output("y", DType::float32, {2});
  m.node("Constant", {}, {"a"}, {attribute("value_float", 1.5f)}).node("Constant", {}, {"b"}, {attribute("value", floats({1}, {2}))});
  m.node("Constant", {}, {"n"}, {attribute("value_ints", std::vector<int64_t>{2})})
      .node("Constant", {}, {"k"}, {attribute("value_int", 1)});
  m.node("Add", {"a", "b"}, {"c"}).node("Add", {"c", "x"}, {"d"}).node("Expand", {"d", "n"}, {"y"});
  EXPECT_EQ(run1(m.session(), {{"x", floats({1}, {1})}}), (std::vector<float>{4.5, 4.5}));
}

// --- names ---

TEST(Names, DefinedTwiceIsRefused) {
  ModelMaker twice;
  twice.input("x", DType::float32, {1}).output("y").node("Neg", {"x"}, {"y"}).node("Abs", {"x"}, {"y"}, {}, "", "second");
  expect_error(import_error(twice), ErrorCode::invalid_model, {"'y'", "twice", "second"});
  ModelMaker input;
  input.input("x", DType::float32, {1}).output("x").node("Neg", {"x"}, {"x"});
  expect_error(import_error(input), ErrorCode::invalid_model, {"'x'", "twice"});
  ModelMaker inputs;
  inputs.input("x", DType::float32, {1}).input("x", DType::int64, {1}).output("x");
  expect_error(import_error(inputs), ErrorCode::invalid_model, {"'x'", "twice"});
  ModelMaker initializers;
  initializers.constant("w", floats({1}, {1})).constant("w", floats({1}, {2})).output("w");
  expect_error(import_error(initializers), ErrorCode::invalid_model, {"'w'", "twice"});
}

TEST(Names, UseBeforeMakingIsRefusedNamingBoth) {
  ModelMaker m;
  m.input("x", DType::float32, {1}).output("y").node("Neg", {"a"}, {"y"}, {}, "", "early").node("Abs", {"x"}, {"a"});
  expect_error(import_error(m), ErrorCode::invalid_model, {"early", "'a'"});
}

TEST(Names, AnOutputNobodyMakesIsRefused) {
  ModelMaker m;
  m.input("x", DType::float32, {1}).output("nowhere");
  expect_error(import_error(m), ErrorCode::invalid_model, {"'nowhere'"});
}

TEST(Names, LyingValueInfoIsIgnored) {
  ModelMaker m;
  m.input("x", DType::float32, {2, 3}).output("y", DType::float32, {9, 9, 9}).node("Neg", {"x"}, {"a"}).node("Abs", {"a"}, {"y"});
  m.proto.value_info.push_back(value_info("a", tensor_type(DType::float32, {640, 640})));
  const Session session = m.session();
  EXPECT_EQ(session.outputs()[0].type, "float32[2,3]");
  EXPECT_EQ(session.run({{"x", Tensor(DType::float32, {2, 3})}})["y"].shape(), (Shape{2, 3}));
}

// --- bodies ---

TEST(Bodies, CaptureNamesOfEveryOuterGraph) {
  GraphProtoMaker inner_then, inner_else, outer_then, outer_else;
  inner_then.output("r").node("Add", {"x", "middle"}, {"s"}).node("Add", {"s", "w"}, {"r"});
  inner_else.output("r2").node("Sub", {"x", "middle"}, {"r2"});
  outer_then.output("q").node("Mul", {"x", "two"}, {"middle"}).constant("two", floats({}, {2}));
  outer_then.node("If", {"inner"}, {"q"}, {attribute("then_branch", inner_then.proto), attribute("else_branch", inner_else.proto)});
  outer_else.output("x");
  ModelMaker m;
  m.input("x", DType::float32, {2}).input("outer", DType::boolean, {}).input("inner", DType::boolean, {}).output("y", DType::float32, {2});
  m.constant("w", floats({1}, {100}));
  m.node("If", {"outer"}, {"y"}, {attribute("then_branch", outer_then.proto), attribute("else_branch", outer_else.proto)});
  for (const char* engine : {"native", "reference"}) {
    const Session session = m.session({.backends = {engine}});
    const auto run = [&](bool outer, bool inner) {
      return run1(session, {{"x", floats({2}, {1, 2})}, {"outer", truth(outer)}, {"inner", truth(inner)}});
    };
    EXPECT_EQ(run(true, true), (std::vector<float>{103, 106}));
    EXPECT_EQ(run(true, false), (std::vector<float>{-1, -2}));
    EXPECT_EQ(run(false, true), (std::vector<float>{1, 2}));
  }
}

TEST(Bodies, ABranchThatCannotRunForTheseShapesIsNotTaken) {
  GraphProtoMaker yes, no;
  yes.output("r").constant("axis", ints({1}, {0})).node("Squeeze", {"x", "axis"}, {"r"});
  no.output("r2").node("Neg", {"x"}, {"r2"});
  ModelMaker m;
  m.input("x", DType::float32, {2}).input("c", DType::boolean, {}).output("y", rankless(DType::float32));
  m.node("If", {"c"}, {"y"}, {attribute("then_branch", yes.proto), attribute("else_branch", no.proto)}, "", "choose");
  for (const char* engine : {"native", "reference"}) {
    const Session session = m.session({.backends = {engine}});
    EXPECT_EQ(run1(session, {{"x", floats({2}, {1, 2})}, {"c", truth(false)}}), (std::vector<float>{-1, -2}));
    EXPECT_THROW(session.run({{"x", floats({2}, {1, 2})}, {"c", truth(true)}}), Error);
  }
}

// --- functions ---

TEST(Functions, AttributesComeFromTheCallOrTheDefault) {
  ModelMaker m;
  m.import("local", 1);
  onnx::FunctionProto& f =
      m.function("Leak", {"a"}, {"b"}, {make_node("LeakyRelu", {"a"}, {"b"}, {reference("alpha", "slope", onnx::AttributeProto::FLOAT)})});
  f.attribute_proto.push_back(attribute("slope", 0.5f));
  m.input("x", DType::float32, {1}).output("given").output("default");
  m.node("Leak", {"x"}, {"given"}, {attribute("slope", 0.25f)}, "local").node("Leak", {"x"}, {"default"}, {}, "local");
  const Session session = m.session();
  EXPECT_EQ(run1(session, {{"x", floats({1}, {-1})}}, "given"), (std::vector<float>{-0.25}));
  EXPECT_EQ(run1(session, {{"x", floats({1}, {-1})}}, "default"), (std::vector<float>{-0.5}));
}

TEST(Functions, AttributeWithoutValueMeansTheOperatorsDefault) {
  ModelMaker m;
  m.import("local", 1);
  m.function("Leak", {"a"}, {"b"}, {make_node("LeakyRelu", {"a"}, {"b"}, {reference("alpha", "slope", onnx::AttributeProto::FLOAT)})})
      .attribute = keep(Names{"slope"});
  m.input("x", DType::float32, {1}).output("y").node("Leak", {"x"}, {"y"}, {}, "local");
  EXPECT_NEAR(run1(m.session(), {{"x", floats({1}, {-1})}})[0], -0.01, 1e-9);
}

TEST(Functions, ReferencesPassThroughNestedCalls) {
  ModelMaker m;
  m.import("local", 1);
  m.function("Inner", {"a"}, {"b"}, {make_node("LeakyRelu", {"a"}, {"b"}, {reference("alpha", "p", onnx::AttributeProto::FLOAT)})})
      .attribute = keep(Names{"p"});
  m.function("Outer", {"a"}, {"b"}, {make_node("Inner", {"a"}, {"b"}, {reference("p", "q", onnx::AttributeProto::FLOAT)}, "local")})
      .attribute = keep(Names{"q"});
  m.input("x", DType::float32, {1}).output("y").node("Outer", {"x"}, {"y"}, {attribute("q", 0.125f)}, "local");
  EXPECT_EQ(run1(m.session(), {{"x", floats({1}, {-8})}}), (std::vector<float>{-1}));
}

TEST(Functions, TheirOpsetIsTheirOwn) {
  ModelMaker m(13);
  m.import("local", 1);
  m.function("Squeezed", {"a"}, {"b"}, {make_node("Squeeze", {"a"}, {"b"}, {attribute("axes", std::vector<int64_t>{0})})}, 11);
  m.input("x", DType::float32, {1, 2}).output("y").node("Squeezed", {"x"}, {"y"}, {}, "local");
  EXPECT_EQ(m.session().outputs()[0].type, "float32[2]");
}

TEST(Functions, CallsWithoutNamesKeepTheirNodesApart) {
  ModelMaker m;
  m.import("local", 1);
  m.function("Twice", {"a"}, {"b"}, {make_node("Neg", {"a"}, {"t"}, {}, "", "neg"), make_node("Neg", {"t"}, {"b"}, {}, "", "back")});
  m.input("x", DType::float32, {1}).output("y").node("Twice", {"x"}, {"a"}, {}, "local").node("Twice", {"a"}, {"y"}, {}, "local");
  const auto graph = m.import_graph();
  ASSERT_TRUE(graph) << graph.error().what();
  std::vector<std::string> names;
  for (size_t i = 0; i < graph->edge_count(); ++i)
    if (const std::string& name = (*graph)[Edge(int32_t(i))].name; !name.empty()) names.push_back(name);
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end()) << *std::adjacent_find(names.begin(), names.end());
}

TEST(Functions, MayHoldBodiesThatSeeTheirNamesOnly) {
  GraphProtoMaker yes, no;
  yes.output("r").node("Neg", {"a"}, {"r"});
  no.output("r2").node("Identity", {"a"}, {"r2"});
  ModelMaker m;
  m.import("local", 1);
  m.function("Maybe", {"a", "c"}, {"b"},
             {make_node("If", {"c"}, {"b"}, {attribute("then_branch", yes.proto), attribute("else_branch", no.proto)})});
  m.input("x", DType::float32, {1}).input("flag", DType::boolean, {}).output("y").node("Maybe", {"x", "flag"}, {"y"}, {}, "local");
  EXPECT_EQ(run1(m.session(), {{"x", floats({1}, {3})}, {"flag", truth(true)}}), (std::vector<float>{-3}));
}

TEST(Functions, SelfCallIsRefused) {
  ModelMaker m;
  m.import("local", 1);
  m.function("F", {"a"}, {"b"}, {make_node("F", {"a"}, {"b"}, {}, "local")});
  m.input("x", DType::float32, {1}).output("y").node("F", {"x"}, {"y"}, {}, "local", "call");
  expect_error(import_error(m), ErrorCode::invalid_model, {"'F'", "calls itself"});
}

TEST(Functions, MutualRecursionIsRefused) {
  ModelMaker m;
  m.import("local", 1);
  m.function("F", {"a"}, {"b"}, {make_node("G", {"a"}, {"b"}, {}, "local")});
  m.function("G", {"a"}, {"b"}, {make_node("F", {"a"}, {"b"}, {}, "local")});
  m.input("x", DType::float32, {1}).output("y").node("F", {"x"}, {"y"}, {}, "local");
  expect_error(import_error(m), ErrorCode::invalid_model, {"calls itself"});
}

TEST(Functions, ExponentialNestingIsRefusedSoon) {
  ModelMaker m;
  m.import("local", 1);
  for (int i = 0; i < 60; ++i) {
    const std::string next = "F" + std::to_string(i + 1);
    m.function("F" + std::to_string(i), {"a"}, {"b"},
               {make_node(next, {"a"}, {"t"}, {}, "local"), make_node(next, {"t"}, {"b"}, {}, "local")});
  }
  m.function("F60", {"a"}, {"b"}, {make_node("Neg", {"a"}, {"b"})});
  m.input("x", DType::float32, {1}).output("y").node("F0", {"x"}, {"y"}, {}, "local");
  expect_error(import_error(m), ErrorCode::resource_exhausted, {"200000"});
}

TEST(Functions, TooDeepNestingIsRefused) {
  ModelMaker m;
  m.import("local", 1);
  for (int i = 0; i < 100; ++i)
    m.function("F" + std::to_string(i), {"a"}, {"b"}, {make_node("F" + std::to_string(i + 1), {"a"}, {"b"}, {}, "local")});
  m.function("F100", {"a"}, {"b"}, {make_node("Neg", {"a"}, {"b"})});
  m.input("x", DType::float32, {1}).output("y").node("F0", {"x"}, {"y"}, {}, "local");
  expect_error(import_error(m), ErrorCode::invalid_model, {"deeper than 64"});
}

// --- time ---

TEST(Import, TwoThousandNodesTakeMilliseconds) {
  ModelMaker m;
  m.input("x", DType::float32, {"batch", 64}).output("y", DType::float32, {"batch", 64});
  m.constant("w", Tensor(DType::float32, {64, 64})).constant("b", Tensor(DType::float32, {64})).constant("shape", ints({2}, {-1, 64}));
  std::string last = "x";
  for (int i = 0; i < 400; ++i) {
    const std::string n = "/layer" + std::to_string(i);
    m.node("MatMul", {last, "w"}, {n + "/product"}, {}, "", n + "/MatMul")
        .node("Add", {n + "/product", "b"}, {n + "/sum"}, {}, "", n + "/Add");
    m.node("Relu", {n + "/sum"}, {n + "/active"}, {}, "", n + "/Relu")
        .node("Reshape", {n + "/active", "shape"}, {n + "/flat"}, {}, "", n + "/Reshape");
    m.node("Softmax", {n + "/flat"}, {n + "/out"}, {}, "", n + "/Softmax");
    last = n + "/out";
  }
  m.node("Identity", {last}, {"y"});
  const std::vector<std::byte> bytes = m.bytes();
  double best = 1e9;
  for (int round = 0; round < 5; ++round) {
    const auto begin = std::chrono::steady_clock::now();
    const auto graph = import_onnx_bytes(bytes, std::shared_ptr<const void>(&bytes, [](const void*) {}));
    best = std::min(best, std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
    ASSERT_TRUE(graph) << graph.error().what();
    ASSERT_EQ(graph->nodes.size(), 2001u);
  }
  RecordProperty("milliseconds", std::to_string(best));
  printf("import of 2,001 nodes: %.2f ms\n", best);
}

}  // namespace
}  // namespace nacre
