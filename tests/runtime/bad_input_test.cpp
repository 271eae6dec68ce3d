// Any model file and any input gives a result or a typed error, before it takes memory or time.
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>

#include "graph/op.h"
#include "runtime/session_state.h"
#include "tests/support/model_maker.h"

namespace nacre {
namespace {

using namespace test;
namespace fs = std::filesystem;

ModelMaker convolution() {
  ModelMaker m(13);
  m.input("x", DType::float32, {1, 1, "h", 4}).output("y", DType::float32, {1, 2, "h", 4});
  m.constant("w", Tensor(DType::float32, {2, 1, 3, 3})).constant("b", floats({2}, {1, 2}));
  m.node("Conv", {"x", "w", "b"}, {"c"}, {attribute("pads", std::vector<int64_t>{1, 1, 1, 1})}).node("Relu", {"c"}, {"y"});
  return m;
}

ModelMaker control() {
  GraphProtoMaker body;
  body.input("i", DType::int64, {}).input("go", DType::boolean, {}).input("v", DType::float32, {2});
  body.output("go").output("w").output("v").node("Add", {"v", "x"}, {"w"});
  ModelMaker m(16);
  m.input("x", DType::float32, {2})
      .output("y", DType::float32, {2})
      .output("all")
      .constant("trips", ints({}, {3}))
      .constant("true", truth(true));
  m.node("Loop", {"trips", "true", "x"}, {"y", "all"}, {attribute("body", body.proto)});
  return m;
}

ModelMaker shapes() {
  ModelMaker m(18);
  m.import("local", 1);
  m.function("Half", {"a"}, {"b"},
             {make_node("Constant", {}, {"h"}, {attribute("value_float", 0.5f)}), make_node("Mul", {"a", "h"}, {"b"})}, 18);
  m.input("x", DType::float32, {"n", 4}).output("y");
  m.constant("one", ints({1}, {1})).constant("minus", ints({1}, {-1}));
  m.node("Shape", {"x"}, {"s"}).node("Gather", {"s", "one"}, {"d"}).node("Concat", {"minus", "d"}, {"t"}, {attribute("axis", 0)});
  m.node("Half", {"x"}, {"half"}, {}, "local").node("Reshape", {"half", "t"}, {"r"}).node("Softmax", {"r"}, {"y"}, {attribute("axis", -1)});
  return m;
}

/// Loads and runs the bytes with inputs made to measure and little memory. True when that gave a result or an error.
void try_model(std::span<const std::byte> bytes) {
  try {
    const Session session = Session::from_bytes(bytes, nullptr, {.threads = 1, .memory_budget = 8 << 20});
    Inputs inputs;
    for (const Port& port : session.inputs()) {
      Shape shape;
      for (int64_t size : port.sizes) shape.push_back(size < 0 ? 2 : std::min<int64_t>(size, 64));
      if (element_count(shape) > 10'000 || port.dtype == DType::undefined) return;
      inputs.emplace_back(port.name, Tensor(port.dtype, shape));
    }
    session.run(inputs, {.timeout = std::chrono::milliseconds(500)});
  } catch (const Error&) {}
}

TEST(BadInput, EveryPrefixOfThreeModelsIsAResultOrAnError) {
  for (const ModelMaker& m : {convolution(), control(), shapes()}) {
    const std::vector<std::byte> bytes = m.bytes();
    EXPECT_NO_THROW(m.session());
    for (size_t length = 0; length < bytes.size(); ++length) try_model(std::span(bytes).first(length));
  }
}

TEST(BadInput, FlippedBitsAreAResultOrAnError) {
  std::mt19937_64 random(7);
  for (const ModelMaker& m : {convolution(), control(), shapes()}) {
    const std::vector<std::byte> bytes = m.bytes();
    for (int round = 0; round < 1500; ++round) {
      std::vector<std::byte> damaged = bytes;
      for (int flips = 1 + round % 3; flips > 0; --flips) damaged[random() % damaged.size()] ^= std::byte(1 << random() % 8);
      try_model(damaged);
    }
  }
}

// --- bombs: a few bytes that ask for terabytes or years ---

struct Bomb {
  const char* name;
  ModelMaker model;
};

std::vector<Bomb> bombs() {
  std::vector<Bomb> out;
  const int64_t huge = int64_t{1} << 40;
  const auto add = [&](const char* name) -> ModelMaker& { return out.emplace_back(Bomb{name, ModelMaker(19)}).model; };
  add("Range")
      .output("y")
      .constant("a", ints({}, {0}))
      .constant("b", ints({}, {huge}))
      .constant("c", ints({}, {1}))
      .node("Range", {"a", "b", "c"}, {"y"}, {}, "", "bomb");
  add("Tile").output("y").constant("x", floats({1}, {1})).constant("r", ints({1}, {huge})).node("Tile", {"x", "r"}, {"y"}, {}, "", "bomb");
  add("Expand")
      .output("y")
      .constant("x", floats({1}, {1}))
      .constant("s", ints({2}, {huge, 2}))
      .node("Expand", {"x", "s"}, {"y"}, {}, "", "bomb");
  add("ConstantOfShape").output("y").constant("s", ints({2}, {huge, 8})).node("ConstantOfShape", {"s"}, {"y"}, {}, "", "bomb");
  add("Pad").output("y").constant("x", floats({1}, {1})).constant("p", ints({2}, {0, huge})).node("Pad", {"x", "p"}, {"y"}, {}, "", "bomb");
  add("Resize")
      .output("y")
      .constant("x", floats({1, 1, 1, 1}, {1}))
      .constant("s", ints({4}, {1, 1, huge, 1}))
      .node("Resize", {"x", "", "", "s"}, {"y"}, {}, "", "bomb");
  add("ResizeScales")
      .output("y")
      .constant("x", floats({1, 1, 1, 1}, {1}))
      .constant("s", floats({4}, {1, 1, 1e9f, 1}))
      .node("Resize", {"x", "", "s"}, {"y"}, {}, "", "bomb");
  add("OneHot")
      .output("y")
      .constant("x", ints({1}, {1}))
      .constant("d", ints({}, {huge}))
      .constant("v", floats({2}, {0, 1}))
      .node("OneHot", {"x", "d", "v"}, {"y"}, {}, "", "bomb");
  add("EyeLike")
      .output("y")
      .constant("s", ints({2}, {1 << 20, 1 << 20}))
      .node("ConstantOfShape", {"s"}, {"c"}, {}, "", "bomb")
      .node("EyeLike", {"c"}, {"y"}, {}, "", "bomb");
  add("RandomNormal").output("y").node("RandomNormal", {}, {"y"}, {attribute("shape", std::vector<int64_t>{huge})}, "", "bomb");
  add("BlackmanWindow").output("y").constant("n", ints({}, {huge})).node("BlackmanWindow", {"n"}, {"y"}, {}, "", "bomb");
  GraphProtoMaker body;
  body.input("i", DType::int64, {}).input("go", DType::boolean, {}).output("go").output("i").constant("unused", floats({1}, {1}));
  add("Loop")
      .output("y")
      .constant("m", ints({}, {int64_t{1} << 62}))
      .constant("t", truth(true))
      .node("Loop", {"m", "t"}, {"y"}, {attribute("body", body.proto)}, "", "bomb");
  return out;
}

int64_t peak_kilobytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

TEST(BadInput, BombsAreRefusedBeforeAllocating) {
  for (const Bomb& bomb : bombs()) {
    if (!find_op("", bomb.model.proto.node[0].op_type)) continue;
    for (const char* engine : {"native", "reference"}) {
      const int64_t before = peak_kilobytes();
      Error error(ErrorCode::internal, "ran");
      try {
        bomb.model.session({.backends = {engine}, .memory_budget = 16 << 20}).run({}, {.timeout = std::chrono::seconds(2)});
      } catch (const Error& thrown) { error = thrown; }
      if (std::string_view(bomb.name) != "Loop")  // which may as well run out of time
        expect_error(error, ErrorCode::resource_exhausted, {"bomb"});
      else
        EXPECT_TRUE(error.code() == ErrorCode::resource_exhausted || error.code() == ErrorCode::deadline_exceeded) << error.what();
      EXPECT_LT(peak_kilobytes() - before, 300'000) << bomb.name << " on " << engine;
    }
  }
}

TEST(BadInput, BombsFedAtRunTimeAreRefusedBeforeAllocating) {
  ModelMaker m;
  m.input("n", DType::int64, {1}).output("y").node("ConstantOfShape", {"n"}, {"a"}, {}, "", "bomb").node("Neg", {"a"}, {"y"});
  for (const char* engine : {"native", "reference"}) {
    const Session session = m.session({.backends = {engine}});
    expect_error(thrown_by([&] { session.run({{"n", ints({1}, {int64_t{1} << 45})}}); }), ErrorCode::resource_exhausted, {"bomb"});
    expect_error(thrown_by([&] { session.run({{"n", ints({1}, {INT64_MAX})}}); }), ErrorCode::resource_exhausted, {"bomb"});
    EXPECT_THROW(session.run({{"n", ints({1}, {-1})}}), Error);
    EXPECT_EQ(session.run({{"n", ints({1}, {3})}})["y"].size(), 3);
  }
}

TEST(BadInput, LoadingDoesNotRunAnEndlessLoop) {
  for (Bomb& bomb : bombs()) {
    if (std::string_view(bomb.name) != "Loop") continue;
    const auto begin = std::chrono::steady_clock::now();
    bomb.model.session();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  }
}

// Every node squares the dims of the one before: their symbolic forms must not.
TEST(BadInput, SymbolicShapesDoNotExplode) {
  ModelMaker m;
  m.input("x", DType::float32, {"n", "m"}).output("y");
  std::string last = "x";
  m.constant("minus", ints({1}, {-1}));
  m.node("Shape", {"x"}, {"s0"});
  for (int i = 0; i < 60; ++i) {
    const std::string a = "s" + std::to_string(i), p = "p" + std::to_string(i), q = "q" + std::to_string(i),
                      b = "s" + std::to_string(i + 1);
    m.node("Add", {a, "minus"}, {p}).node("Mul", {p, a}, {q}).node("Max", {q, a}, {b});
  }
  m.node("Identity", {"s60"}, {"y"});
  const auto begin = std::chrono::steady_clock::now();
  m.session();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

// --- depth ---

TEST(BadInput, ChainOfTenThousandNodesRuns) {
  ModelMaker m;
  m.input("x", DType::float32, {2}).output("y");
  std::string last = "x";
  for (int i = 0; i < 10'000; ++i) {
    const std::string next = i == 9'999 ? "y" : "a" + std::to_string(i);
    m.node("Neg", {last}, {next});
    last = next;
  }
  for (const char* engine : {"native", "reference"})
    EXPECT_EQ(values_of<float>(m.session({.backends = {engine}}).run({{"x", floats({2}, {1, 2})}})["y"]), (std::vector<float>{1, 2}));
}

TEST(BadInput, ChainOfDataDependentShapesRuns) {
  ModelMaker m;
  m.input("x", DType::float32, {2}).output("y");
  std::string last = "x";
  for (int i = 0; i < 300; ++i) {
    const std::string next = i == 299 ? "y" : "a" + std::to_string(i);
    m.node("NonZero", {last}, {next + "n"})
        .constant(next + "axes", ints({1}, {0}))
        .node("Squeeze", {next + "n", next + "axes"}, {next + "i"});
    m.node("Cast", {next + "i"}, {next + "f"}, {attribute("to", 1)}).constant(next + "one", floats({}, {1}));
    m.node("Add", {next + "f", next + "one"}, {next});
    last = next;
  }
  for (const char* engine : {"native", "reference"}) {
    const Session session = m.session({.backends = {engine}});
    EXPECT_EQ(session.run({{"x", floats({2}, {1, 2})}})["y"].rank(), 1) << engine;
    session.trim();
  }
}

onnx::GraphProto leaf() {
  GraphProtoMaker g;
  g.output("r0").node("Neg", {"x"}, {"r0"});
  return std::move(g.proto);
}

onnx::GraphProto wrapped(std::string_view op, int level, onnx::GraphProto inner) {
  GraphProtoMaker g;
  const std::string number = std::to_string(level), out = "r" + number;
  if (op == "If") {
    g.output(out).node("If", {"c"}, {out}, {attribute("then_branch", std::move(inner)), attribute("else_branch", leaf())});
  } else {
    GraphProtoMaker body;
    body.proto = std::move(inner);
    body.input("i" + number, DType::int64, {}).input("go" + number, DType::boolean, {}).input("v" + number, DType::float32, {1});
    body.proto.output.insert(body.proto.output.begin(), value_info("go" + number, {}));
    g.output(out).node("Loop", {"one", "c", "x"}, {out}, {attribute("body", std::move(body.proto))});
  }
  return std::move(g.proto);
}

// Without recursion: the sanitizers' frames would fill the stack before the library is asked.
onnx::GraphProto nested(std::string_view op, int depth) {
  onnx::GraphProto graph = leaf();
  for (int level = 1; level <= depth; ++level) graph = wrapped(op, level, std::move(graph));
  return graph;
}

TEST(BadInput, DeepNestingRunsOrIsRefusedSoon) {
  for (const char* op : {"If", "Loop"}) {
    for (int depth : {3, 12, 18, 30, 100, 1000}) {
      ModelMaker m;
      m.proto = nested(op, depth);
      m.input("x", DType::float32, {1}).input("c", DType::boolean, {}).constant("one", ints({}, {1}));
      const std::string out = "r" + std::to_string(depth);
      const auto begin = std::chrono::steady_clock::now();
      try {
        EXPECT_EQ(m.session().run({{"x", floats({1}, {1})}, {"c", truth(true)}})[out].data<float>()[0], -1) << op << depth;
      } catch (const Error& error) {
        EXPECT_GT(depth, 12) << error.what();
        EXPECT_NE(std::string(error.what()).find("deep"), std::string::npos) << error.what();
      }
      EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10)) << op << depth;
    }
  }
}

// --- numbers ---

TEST(BadInput, NanAndInfinityPassThrough) {
  ModelMaker m;
  m.input("x", DType::float32, {4}).output("relu").output("sum").output("max");
  m.node("Relu", {"x"}, {"relu"}).node("ReduceSum", {"x"}, {"sum"}).node("Add", {"x", "x"}, {"max"});
  const float nan = std::nanf(""), inf = INFINITY;
  for (const char* engine : {"native", "reference"}) {
    const Outputs out = m.session({.backends = {engine}}).run({{"x", floats({4}, {nan, inf, -inf, 1})}});
    const auto relu = values_of<float>(out["relu"]);
    EXPECT_TRUE(std::isnan(relu[0])) << engine;
    EXPECT_EQ(relu[1], inf);
    EXPECT_EQ(relu[2], 0);
    EXPECT_TRUE(std::isnan(out["sum"].data<float>()[0]));
    EXPECT_EQ(out["max"].data<float>()[2], -inf);
  }
}

TEST(BadInput, ZeroSizeTensorsRunThroughEverything) {
  ModelMaker m;
  m.input("x", DType::float32, {"n", 4}).output("product").output("soft").output("flat").output("mean").output("all").output("norm");
  m.constant("w", floats({4, 2}, {1, 2, 3, 4, 5, 6, 7, 8})).constant("shape", ints({2}, {4, -1})).constant("axis", ints({1}, {1}));
  m.constant("gamma", floats({4}, {1, 1, 1, 1}));
  m.node("MatMul", {"x", "w"}, {"product"}).node("Softmax", {"x"}, {"soft"}).node("Transpose", {"x"}, {"t"});
  m.node("MatMul", {"t", "product"}, {"flat"})
      .node("ReduceMean", {"x", "axis"}, {"mean"})
      .node("Concat", {"x", "soft"}, {"all"}, {attribute("axis", 0)});
  m.node("LayerNormalization", {"x", "gamma"}, {"norm"});
  for (const char* engine : {"native", "reference"}) {
    const Outputs out = m.session({.backends = {engine}}).run({{"x", Tensor(DType::float32, {0, 4})}});
    EXPECT_EQ(out["product"].shape(), (Shape{0, 2}));
    EXPECT_EQ(out["soft"].shape(), (Shape{0, 4}));
    EXPECT_EQ(values_of<float>(out["flat"]), (std::vector<float>(8, 0))) << engine << ": a product over nothing is zero";
    EXPECT_EQ(out["mean"].shape(), (Shape{0, 1}));
    EXPECT_EQ(out["all"].shape(), (Shape{0, 4}));
  }
}

// --- external data and directories ---

class Files : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() / ("nacre-files-" + std::to_string(getpid()));
    fs::remove_all(root_);
    fs::create_directories(root_ / "model");
    write(root_ / "outside.bin", 16);
    write(root_ / "model" / "weights.bin", 16);
  }
  void TearDown() override { fs::remove_all(root_); }

  static void write(const fs::path& path, size_t bytes) { std::ofstream(path, std::ios::binary) << std::string(bytes, '\1'); }

  fs::path save(std::string location, const char* offset = "0", const char* length = "8") {
    ModelMaker m;
    onnx::TensorProto w;
    w.name = "w", w.dims = {2}, w.data_type = int32_t(DType::float32), w.data_location = onnx::TensorProto::EXTERNAL;
    w.external_data = {
        {"location", keep(std::move(location))}, {"offset", keep(std::string(offset))}, {"length", keep(std::string(length))}};
    m.proto.initializer.push_back(w);
    m.output("w");
    const std::vector<std::byte> bytes = m.bytes();
    const fs::path path = root_ / "model" / "model.onnx";
    std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()), std::streamsize(bytes.size()));
    return path;
  }

  void refused(const fs::path& path, std::initializer_list<std::string_view> parts = {}) {
    try {
      Session::load(path);
      ADD_FAILURE() << "loaded";
    } catch (const Error& error) {
      for (std::string_view part : parts) EXPECT_NE(std::string_view(error.what()).find(part), std::string_view::npos) << error.what();
      EXPECT_NE(std::string_view(error.what()).find("model.onnx"), std::string_view::npos) << "names the file: " << error.what();
    }
  }

  fs::path root_;
};

TEST_F(Files, ExternalDataBesideTheModelLoads) {
  const Session session = Session::load(save("weights.bin", "4"));
  EXPECT_EQ(session.run({})["w"].shape(), (Shape{2}));
}

TEST_F(Files, ExternalAbsolutePathIsRefused) { refused(save((root_ / "outside.bin").string()), {"outside.bin"}); }
TEST_F(Files, ExternalDotDotIsRefused) {
  refused(save("../outside.bin"), {"../outside.bin"});
  refused(save("sub/../../outside.bin"), {".."});
}
TEST_F(Files, ExternalSymlinkIsRefused) {
  fs::create_symlink(root_ / "outside.bin", root_ / "model" / "link.bin");
  refused(save("link.bin"), {"link.bin"});
}
TEST_F(Files, ExternalSymlinkedParentIsRefused) {
  fs::create_directories(root_ / "other");
  write(root_ / "other" / "weights.bin", 16);
  fs::create_directory_symlink(root_ / "other", root_ / "model" / "sub");
  refused(save("sub/weights.bin"), {"sub/weights.bin"});
}
TEST_F(Files, ExternalHardLinkIsRefused) {
  fs::create_hard_link(root_ / "outside.bin", root_ / "model" / "hard.bin");
  refused(save("hard.bin"), {"hard.bin"});
}
TEST_F(Files, ExternalPipeIsRefusedWithoutWaiting) {
  ASSERT_EQ(mkfifo((root_ / "model" / "pipe.bin").c_str(), 0600), 0);
  refused(save("pipe.bin"), {"pipe.bin"});
}
TEST_F(Files, ExternalDirectoryIsRefused) {
  fs::create_directories(root_ / "model" / "folder");
  refused(save("folder"), {"folder"});
}
TEST_F(Files, ExternalDataTooShortIsRefusedWithSizes) { refused(save("weights.bin", "12"), {"12", "16"}); }
TEST_F(Files, ExternalNegativeOffsetIsRefused) { refused(save("weights.bin", "-4"), {"-4"}); }
TEST_F(Files, ExternalOffsetsThatOverflowAreRefused) {
  refused(save("weights.bin", "9223372036854775807"));
  refused(save("weights.bin", "99999999999999999999"));
  refused(save("weights.bin", "0", "9223372036854775807"));
  refused(save("weights.bin", "x"));
}
TEST_F(Files, ExternalMissingFileIsNamed) { refused(save("gone.bin"), {"gone.bin"}); }

TEST_F(Files, ModelsFromMemoryHaveNoExternalData) {
  const fs::path path = save("weights.bin");
  std::ifstream in(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  EXPECT_THROW(Session::from_bytes(std::as_bytes(std::span(text))), Error);
}

TEST_F(Files, MissingModelAndOddFilesAreErrors) {
  expect_error(thrown_by([&] { Session::load(root_ / "none.onnx"); }), ErrorCode::not_found, {"none.onnx"});
  write(root_ / "empty.onnx", 0);
  EXPECT_THROW(Session::load(root_ / "empty.onnx"), Error);
  EXPECT_THROW(Session::load(root_ / "model"), Error) << "a directory without a model";
  EXPECT_THROW(Session::load("/dev/zero"), Error);
}

// snapshots/REVISION/model.onnx -> ../../blobs/HASH, as the hub's cache lays files out.
TEST_F(Files, HuggingFaceCacheOfSymlinksLoads) {
  ModelMaker m;
  m.input("x", DType::float32, {1}).output("y").node("Neg", {"x"}, {"y"});
  const std::vector<std::byte> bytes = m.bytes();
  fs::create_directories(root_ / "hub" / "blobs");
  fs::create_directories(root_ / "hub" / "snapshots" / "abc");
  std::ofstream(root_ / "hub" / "blobs" / "0123", std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), std::streamsize(bytes.size()));
  fs::create_symlink("../../blobs/0123", root_ / "hub" / "snapshots" / "abc" / "model.onnx");
  EXPECT_EQ(values_of<float>(Session::load(root_ / "hub" / "snapshots" / "abc" / "model.onnx").run({{"x", floats({1}, {2})}})["y"]),
            (std::vector<float>{-2}));
}

TEST_F(Files, HuggingFaceCacheWithExternalDataLoads) {
  const std::string hash(64, 'a');
  fs::create_directories(root_ / "hub" / "blobs");
  fs::create_directories(root_ / "hub" / "snapshots" / "abc");
  const fs::path snapshot = root_ / "hub" / "snapshots" / "abc";
  write(root_ / "hub" / "blobs" / hash, 16);
  fs::create_symlink("../../blobs/" + hash, snapshot / "weights.bin");
  fs::copy_file(save("weights.bin"), root_ / "hub" / "blobs" / "m");
  fs::create_symlink("../../blobs/m", snapshot / "model.onnx");
  EXPECT_EQ(Session::load(snapshot / "model.onnx").run({})["w"].shape(), (Shape{2}));
  // Any other link is refused, be it into a folder of that name.
  for (const char* target : {"../../blobs/m", "../../../outside.bin", "../../blobs/../../outside.bin", "../../blobs/aaaa"}) {
    fs::remove(snapshot / "weights.bin");
    fs::create_symlink(target, snapshot / "weights.bin");
    EXPECT_THROW(Session::load(snapshot / "model.onnx"), Error) << target;
  }
}

}  // namespace
}  // namespace nacre
