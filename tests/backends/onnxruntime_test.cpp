// The adapter against libraries that are wrong in one way each, and against real ones: NACRE_TEST_ONNXRUNTIME and
// NACRE_TEST_ONNXRUNTIME_OLD name their folders (scripts/test fetches both). Without them those tests are skipped, and fail in CI.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <optional>
#include <thread>

#include "backends/onnxruntime/node_times.h"
#include "backends/onnxruntime/placed.h"
#include "core/cpu.h"
#include "core/foreign_library.h"
#include "core/log.h"
#include "core/os/child.h"
#include "core/os/elf.h"
#include "core/os/file.h"
#include "runtime/session_state.h"
#include "tests/support/model_maker.h"

namespace nacre {
namespace {

using namespace test;

class Setting {
 public:
  Setting(const char* name, const std::string& value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    ::setenv(name, value.c_str(), 1);
  }
  ~Setting() { before_.empty() ? ::unsetenv(name_) : ::setenv(name_, before_.c_str(), 1); }

 private:
  const char* name_;
  std::string before_;
};

std::string stub(const std::string& name) { return cat(NACRE_BINARY_DIR, "/tests/stubs/", name, ".so"); }

std::string bytes_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string write_library(const std::string& name, const std::string& bytes) {
  const std::string path = testing::TempDir() + name;
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

std::string reason_with(const std::string& path) {
  const Setting where("NACRE_ONNXRUNTIME", path);
  const Probe probe = probe_backend(**find_backend("onnxruntime"));
  return probe.available ? "available" : probe.reason;
}

void expect_says(const std::string& text, std::string_view part) { EXPECT_NE(text.find(part), std::string::npos) << text; }

TEST(ForeignLibrary, EachWrongLibraryIsNamedWithWhatIsWrong) {
  expect_says(reason_with(stub("ort_old")), "is ONNX Runtime 1.16.3; 1.17 or newer is needed");
  expect_says(reason_with(stub("ort_without_api")), "does not offer version 17 of its interface");
  expect_says(reason_with(stub("ort_without_version")), "is ONNX Runtime banana");
  expect_says(reason_with(stub("ort_missing_symbol")), "is no ONNX Runtime: it has no OrtGetApiBase");
  expect_says(reason_with(stub("ort_crash")), "died of SIG");
  expect_says(reason_with("libonnxruntime.so"), "not an absolute path");
  expect_says(reason_with("/nowhere/libonnxruntime.so"), "No such file");
  expect_says(reason_with(testing::TempDir()), "no libonnxruntime.so in");
}

TEST(ForeignLibrary, FilesAreReadBeforeTheLoaderSeesThem) {
  const std::string whole = bytes_of_file(stub("ort_old"));
  ASSERT_GT(whole.size(), 1000u);
  EXPECT_TRUE(check_library_file(stub("ort_old")));
  for (size_t size : {size_t{0}, size_t{3}, size_t{63}, size_t{64}, whole.size() / 2, whole.size() - 1}) {
    const std::string path = write_library(cat("truncated-", size, ".so"), whole.substr(0, size));
    const auto checked = check_library_file(path);
    ASSERT_FALSE(checked) << size << " of " << whole.size() << " bytes";
    EXPECT_EQ(checked.error().code(), ErrorCode::unavailable);
  }
  expect_says(reason_with(write_library("text.so", "#!/bin/sh\necho hello, this is no library at all, it is a script\n")),
              "not a shared library");
  std::string other = whole;
  other[18] = static_cast<char>(other[18] == 62 ? 183 : 62), other[19] = 0;  // e_machine
  expect_says(reason_with(write_library("other.so", other)), other[18] == 62 ? "is for x86-64" : "is for aarch64");
  std::string program = whole;
  program[16] = 1;  // e_type: an object file
  expect_says(reason_with(write_library("object.so", program)), "no shared library");
}

// Every byte of the headers, changed: refused or taken, never a crash (the loader is not asked).
TEST(ForeignLibrary, AnyHeaderIsSafeToRead) {
  const std::string whole = bytes_of_file(stub("ort_old"));
  for (size_t at = 0; at < 64 + 56 * 4; ++at)
    for (int value : {0x00, 0x7f, 0xff}) {
      std::string bytes = whole;
      bytes[at] = static_cast<char>(value);
      (void)check_library_file(write_library("fuzzed.so", bytes));
    }
}

// Whoever sees the process die finds the library's name as the last line.
TEST(ForeignLibrary, IsNamedInTheLogBeforeItIsLoadedAndHowToLeaveItAlone) {
  static std::string log;
  log.clear();
  const std::string path = write_library("named-first.so", bytes_of_file(stub("ort_crash")));
  set_log_sink([](LogLevel, std::string_view text, void*) { log += cat(text, "\n"); }, nullptr, LogLevel::info);
  const std::string reason = reason_with(path);
  const bool named_before_trial = log.find(cat("trying ", path)) != std::string::npos;
  log.clear();
  EXPECT_TRUE(open_foreign(stub("ort_old")));
  set_log_sink(nullptr);
  EXPECT_TRUE(named_before_trial);
  expect_says(reason, "died of SIG");
  expect_says(log, cat("loading ", stub("ort_old"), " (NACRE_DISABLE=", stub("ort_old"), " would leave it alone)"));
}

TEST(ForeignLibrary, DisabledOnesAreNeverTouched) {
  const Setting off("NACRE_DISABLE", cat("something,", stub("ort_crash")));
  expect_says(reason_with(stub("ort_crash")), "switched off by NACRE_DISABLE");
}

TEST(ForeignLibrary, AVerdictIsRememberedOnDiskUntilTheFileChanges) {
  const std::string folder = testing::TempDir() + "verdicts", file = folder + "/foreign-verdicts";
  std::remove(file.c_str());
  const Setting cache("NACRE_CACHE_DIR", folder);
  const std::string path = write_library("remembered.so", bytes_of_file(stub("ort_crash")));
  int trials = 0;
  auto attempt = [&](std::string_view name) { return try_foreign(path, name, [&]() -> std::string { std::abort(); }); };
  const auto first = attempt("once");
  ASSERT_FALSE(first);
  expect_says(first.error().message(), "died of SIGABRT");
  expect_says(bytes_of_file(file), "died of SIGABRT");
  // Another process would read this file: here it says that the next trial went well.
  std::string text = bytes_of_file(file);
  text.replace(text.find("its trial"), text.find('\n', text.find("its trial")) - text.find("its trial"), "made up");
  ASSERT_TRUE(write_file(file, text));
  const Setting elsewhere("NACRE_CACHE_DIR", testing::TempDir() + "verdicts-none");
  const auto fresh = try_foreign(path, "twice", [&]() -> std::string { return ++trials, "tried"; });
  expect_says(fresh.error().message(), "tried");
  EXPECT_EQ(trials, 0) << "it ran in a child";
  std::ofstream(path, std::ios::app) << "x";
  expect_says(try_foreign(path, "twice", [&]() -> std::string { return "tried again"; }).error().message(), "tried again");
}

TEST(ForeignLibrary, AChildThatHangsIsEnded) {
  const auto seen = run_in_child(
      []() -> std::string {
        std::this_thread::sleep_for(std::chrono::hours(1));
        return "";
      },
      100);
  ASSERT_TRUE(seen);
  EXPECT_TRUE(seen->timed_out);
  EXPECT_FALSE(seen->finished);
}

// --- the real ones ---

class RealOnnxRuntime : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const char* folder = std::getenv(GetParam());
    if (!folder || !*folder) {
      if (std::getenv("CI")) FAIL() << GetParam() << " names no folder with ONNX Runtime";
      GTEST_SKIP() << GetParam() << " names no folder with ONNX Runtime; scripts/test fetches one";
    }
    where_ = std::make_unique<Setting>("NACRE_ONNXRUNTIME", folder);
  }
  bool is_old() const { return std::string_view(GetParam()).ends_with("_OLD"); }

 private:
  std::unique_ptr<Setting> where_;
};
INSTANTIATE_TEST_SUITE_P(Versions, RealOnnxRuntime, testing::Values("NACRE_TEST_ONNXRUNTIME", "NACRE_TEST_ONNXRUNTIME_OLD"),
                         [](const auto& info) {
                           return std::string(std::string_view(info.param).ends_with("_OLD") ? "Oldest" : "Newest");
                         });

/// What the old one has not: our canonical operators are newer than its opset, and its package has the CPU provider alone.
class NewestOnnxRuntime : public RealOnnxRuntime {};
INSTANTIATE_TEST_SUITE_P(Versions, NewestOnnxRuntime, testing::Values("NACRE_TEST_ONNXRUNTIME"),
                         [](const auto&) { return std::string("Newest"); });

// Opset 13: what both versions read.
ModelMaker affine() {
  ModelMaker m(13, 8);
  m.input("x", DType::float32, {"n", 3}).output("y", DType::float32, {"n", 2});
  m.constant("w", floats({3, 2}, {1, 2, 3, 4, 5, 6})).constant("b", floats({2}, {10, 20}));
  m.node("MatMul", {"x", "w"}, {"xw"}, {}, "", "product").node("Add", {"xw", "b"}, {"y"}, {}, "", "shift");
  return m;
}

TEST_P(RealOnnxRuntime, RunsAModelFromItsOwnBytes) {
  const Session session = affine().session({.backends = {"onnxruntime"}, .strict = true});
  const Outputs out = session.run({{"x", floats({2, 3}, {1, 0, 0, 0, 1, 1})}});
  EXPECT_EQ(values_of<float>(out["y"]), (std::vector<float>{11, 22, 18, 30}));
  EXPECT_EQ(session.report().regions.at(0).backend, "onnxruntime");
  EXPECT_EQ(session.report().regions[0].nodes.size(), 2u);
  EXPECT_TRUE(session.report().warnings.empty());
}

TEST_P(RealOnnxRuntime, ProbeSaysVersionAndFile) {
  const Probe probe = probe_backend(**find_backend("onnxruntime"));
  ASSERT_TRUE(probe.available) << probe.reason;
  EXPECT_EQ(probe.version.substr(0, 4), is_old() ? "1.17" : "1.31");
  EXPECT_TRUE(probe.library.starts_with('/'));
}

TEST_P(RealOnnxRuntime, OutputsAreViewsAndOutliveTheSession) {
  Value kept;
  {
    const Session session = affine().session({.backends = {"onnxruntime"}, .strict = true});
    kept = session.run({{"x", floats({1, 3}, {1, 0, 0})}}).value("y");
  }
  EXPECT_EQ(values_of<float>(kept.tensor()), (std::vector<float>{11, 22}));
}

TEST_P(RealOnnxRuntime, ExternalDataIsReadBesideTheModel) {
  const std::string folder = testing::TempDir() + "external";
  ASSERT_TRUE(make_directories(folder));
  const Tensor w = floats({3, 2}, {1, 2, 3, 4, 5, 6});
  std::ofstream(folder + "/w.bin", std::ios::binary).write(static_cast<const char*>(w.raw()), 24);
  ModelMaker m = affine();
  m.proto.initializer[0].raw_data = {}, m.proto.initializer[0].float_data = {}, m.proto.initializer[0].has_raw_data = false;
  m.proto.initializer[0].data_location = onnx::TensorProto::EXTERNAL;
  m.proto.initializer[0].external_data = {{"location", "w.bin"}, {"offset", "0"}, {"length", "24"}};
  ASSERT_TRUE(write_file(folder + "/model.onnx", std::span<const std::byte>(m.bytes())));
  const Session session = Session::load(folder + "/model.onnx", {.backends = {"onnxruntime"}, .strict = true});
  EXPECT_EQ(values_of<float>(session.run({{"x", floats({1, 3}, {1, 1, 1})}})["y"]), (std::vector<float>{19, 32}));
}

TEST_P(RealOnnxRuntime, StringsTravelBothWays) {
  ModelMaker m(13, 8);
  m.input("x", DType::string, {"n"}).output("y", DType::string, {"n"});
  m.node("Identity", {"x"}, {"y"});
  const Session session = m.session({.backends = {"onnxruntime"}, .strict = true});
  const std::vector<std::string> words = {"", "pearl", "Perlmutt ö", std::string(1000, 'x')};
  const Outputs out = session.run({{"x", Tensor::of<std::string>({4}, std::span<const std::string>(words))}});
  EXPECT_EQ(values_of<std::string>(out["y"]), words);
}

TEST_P(RealOnnxRuntime, SequencesTravelBothWaysEvenEmpty) {
  ModelMaker m(13, 8);
  onnx::TypeProto list;
  list.kind = onnx::TypeProto::sequence, list.element = tensor_type(DType::float32, {"n"});
  m.input("x", list).input("t", DType::float32, {"n"}).output("y", list);
  m.node("SequenceInsert", {"x", "t"}, {"y"});
  const Session session = m.session({.backends = {"onnxruntime"}, .strict = true});
  const Tensor t = floats({2}, {7, 8});
  EXPECT_EQ(session.run({{"x", Value::sequence({})}, {"t", t}}).value("y").items().size(), 1u);
  const Outputs out = session.run({{"x", Value::sequence({floats({1}, {1})})}, {"t", t}});
  ASSERT_EQ(out.value("y").items().size(), 2u);
  EXPECT_EQ(values_of<float>(out.value("y").items()[1].tensor()), (std::vector<float>{7, 8}));
}

TEST_P(RealOnnxRuntime, FailuresAreErrorsWithItsWords) {
  ModelMaker m(13, 8);
  m.input("x", DType::float32, {"n"}).input("i", DType::int64, {"k"}).output("y", DType::float32, {"k"});
  m.node("Gather", {"x", "i"}, {"y"}, {}, "", "pick");
  const Session session = m.session({.backends = {"onnxruntime"}, .strict = true});
  expect_error(thrown_by([&] { session.run({{"x", floats({2}, {1, 2})}, {"i", ints({1}, {9})}}); }), ErrorCode::invalid_argument,
               {"pick", "9"});
  EXPECT_EQ(values_of<float>(session.run({{"x", floats({2}, {1, 2})}, {"i", ints({1}, {1})}})["y"]), (std::vector<float>{2}));
}

TEST_P(RealOnnxRuntime, BadInputIsNoFallback) {
  ModelMaker m(13, 8);
  m.input("x", DType::float32, {"n"}).input("i", DType::int64, {"k"}).output("y", DType::float32, {"k"});
  m.node("Gather", {"x", "i"}, {"y"}, {}, "", "pick");
  const Session session = m.session({.backends = {"onnxruntime"}});
  thrown_by([&] { session.run({{"x", floats({2}, {1, 2})}, {"i", ints({1}, {9})}}); });
  EXPECT_TRUE(session.report().warnings.empty()) << session.report().text();
  EXPECT_EQ(session.report().regions[0].backend, "onnxruntime");
}

TEST_P(RealOnnxRuntime, OptionsReachIt) {
  const std::string prefix = testing::TempDir() + "ort-profile";
  for (const char* level : {"0", "1", "2", "99"}) {
    const Session session = affine().session({.backends = {"onnxruntime"},
                                              .strict = true,
                                              .backend_options = {{"onnxruntime.optimisation", level},
                                                                  {"onnxruntime.inter_threads", "1"},
                                                                  {"onnxruntime.deterministic", "1"},
                                                                  {"onnxruntime.profile", prefix + level},
                                                                  {"onnxruntime.config.session.intra_op.allow_spinning", "0"}}});
    session.run({{"x", floats({1, 3}, {1, 0, 0})}});
  }
  size_t profiles = 0;
  for (const std::string& name : *list_directory(testing::TempDir()))
    if (name.starts_with("ort-profile")) {
      ++profiles;
      expect_says(bytes_of_file(testing::TempDir() + name), "CPUExecutionProvider");
    }
  EXPECT_GE(profiles, 4u);
}

TEST_P(RealOnnxRuntime, AProviderItWasBuiltWithoutIsAnErrorThatListsTheOthers) {
  expect_error(thrown_by([] { affine().session({.backends = {"onnxruntime:tensorrt"}}); }), ErrorCode::unavailable,
               {"built without provider 'tensorrt'", "cpu"});
  expect_error(thrown_by([] { affine().session({.backends = {"onnxruntime:gpu"}}); }), ErrorCode::unavailable,
               {"a provider for 'gpu'", "cpu"});
  expect_error(thrown_by([] { affine().session({.backends = {"onnxruntime:toaster"}}); }), ErrorCode::not_found, {"no device 'toaster'"});
}

TEST_P(RealOnnxRuntime, NpuEndsAtTheCpu) {
  const Session session = affine().session({.backends = {"onnxruntime:npu"}, .strict = true});
  EXPECT_EQ(values_of<float>(session.run({{"x", floats({1, 3}, {1, 0, 0})}})["y"]), (std::vector<float>{11, 22}));
}

TEST_P(RealOnnxRuntime, TheReportNamesTheProviderOfEachNode) {
  const Session session = affine().session({.backends = {"onnxruntime"}});
  for (const PlacedRegion& region : session.report().regions)
    for (const std::string& reason : region.reasons) expect_says(reason, ", on cpu");
}

TEST_P(RealOnnxRuntime, AnOptionOfAnotherProviderIsSaidToDoNothing) {
  const Session session = affine().session(
      {.backends = {"onnxruntime"}, .backend_options = {{"onnxruntime.cuda.gpu_mem_limit", "1000"}, {"onnxruntime.optimisation", "1"}}});
  ASSERT_FALSE(session.report().warnings.empty());
  expect_says(session.report().warnings.back(), "option onnxruntime.cuda.gpu_mem_limit does nothing: the provider is cpu");
}

// As ONNX Runtime 1.17 logs it; newer ones are asked.
TEST(Placed, ALogTellsTheProviderOfEachNode) {
  const auto placed = onnxruntime::read_placement_log(
      "Node placements\n Node(s) placed on [CUDAExecutionProvider]. Number of nodes: 2\n  MatMul (/a/MatMul)\n  Add (sum (1))\n"
      " Node(s) placed on [CPUExecutionProvider]. Number of nodes: 1\n  Shape ()\nSaving initialized tensors.\n  not (a node)\n");
  EXPECT_EQ(placed.counts.at("CUDAExecutionProvider"), 2);
  EXPECT_EQ(placed.providers.at("/a/MatMul"), "CUDAExecutionProvider");
  EXPECT_EQ(placed.providers.at("sum (1)"), "CUDAExecutionProvider");
  EXPECT_EQ(placed.providers.size(), 2u) << "a node without a name is known by none";
  EXPECT_EQ(placed.on_cpu, std::vector<std::string>{""});
}

TEST(Placed, OneProviderForAllNeedsNoNames) {
  const auto placed = onnxruntime::read_placement_log(" All nodes placed on [CPUExecutionProvider]. Number of nodes: 1\n");
  Graph graph;
  graph.nodes.push_back({.op = nullptr, .name = "n", .inputs = {}, .outputs = {}, .attributes = {}, .bodies = {}});
  EXPECT_EQ(placed.by_node(graph).at("n"), "CPUExecutionProvider");
}

TEST_P(NewestOnnxRuntime, AProviderThatTakesNothingIsReported) {
  const Session session = affine().session({.backends = {"onnxruntime:azure"}, .optimise = false});  // or it makes one Gemm of both nodes
  for (const std::string& reason : session.report().regions.at(0).reasons) expect_says(reason, ", on cpu");
  ASSERT_EQ(session.report().warnings.size(), 1u) << session.report().text();
  expect_says(session.report().warnings[0], "provider azure took no node; ");
  expect_error(thrown_by([] { affine().session({.backends = {"onnxruntime:azure"}, .strict = true}); }), ErrorCode::internal, {"CPU EP"});
}

TEST_P(RealOnnxRuntime, RunsFromManyThreads) {
  const Session session = affine().session({.backends = {"onnxruntime"}, .strict = true, .threads = 1});
  std::vector<std::jthread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const float value = float(t);
        const Outputs out = session.run({{"x", floats({1, 3}, {value, 0, 0})}});
        ASSERT_EQ(values_of<float>(out["y"]), (std::vector<float>{10 + value, 20 + 2 * value}));
      }
    });
}

TEST_P(RealOnnxRuntime, OutputsCountAgainstTheBudget) {
  ModelMaker m(13, 8);
  m.input("x", DType::float32, {"n"}).input("target", DType::int64, {2}).output("y", DType::float32, {"a", "b"});
  m.node("Expand", {"x", "target"}, {"y"});
  const Session session = m.session({.backends = {"onnxruntime"}, .strict = true, .memory_budget = 1 << 20});
  expect_error(thrown_by([&] { session.run({{"x", floats({1}, {1})}, {"target", ints({2}, {1024, 1024})}}); }),
               ErrorCode::resource_exhausted, {"1048576"});
}

TEST_P(RealOnnxRuntime, CancelsWithinTheRun) {
  GraphProtoMaker body;
  body.proto.name = "body";
  body.input("i", DType::int64, {}).input("go", DType::boolean, {}).input("v", DType::float32, {});
  body.output("go_on", DType::boolean, {}).output("w", DType::float32, {});
  body.node("Identity", {"go"}, {"go_on"}).node("Neg", {"v"}, {"w"});
  ModelMaker m(13, 8);
  m.input("trips", DType::int64, {}).input("start", DType::float32, {}).output("y", DType::float32, {});
  m.constant("true", truth(true));
  m.node("Loop", {"trips", "true", "start"}, {"y"}, {attribute("body", body.proto)}, "", "endless");
  const Session session = m.session({.backends = {"onnxruntime"}, .strict = true});
  const Inputs inputs{{"trips", Tensor::scalar<int64_t>(int64_t{1} << 40)}, {"start", Tensor::scalar<float>(1)}};
  expect_error(thrown_by([&] { session.run(inputs, {.timeout = std::chrono::milliseconds(50)}); }), ErrorCode::deadline_exceeded);
}

TEST_P(RealOnnxRuntime, AProfileHasARowForEachNodeWithItsProvider) {
  const Session session =
      affine().session({.backends = {"onnxruntime"}, .strict = true, .backend_options = {{"onnxruntime.optimisation", "0"}}});
  Profile profile;
  const Outputs out = session.run({{"x", floats({2, 3}, {1, 0, 0, 0, 1, 1})}}, {.profile = &profile});
  EXPECT_EQ(values_of<float>(out["y"]), (std::vector<float>{11, 22, 18, 30}));
  ASSERT_EQ(profile.nodes.size(), 2u) << profile.json();
  EXPECT_EQ(profile.nodes[0].node, "product");
  EXPECT_EQ(profile.nodes[0].op, "MatMul");
  EXPECT_EQ(profile.nodes[1].node, "shift");
  for (const NodeProfile& row : profile.nodes) {
    EXPECT_EQ(row.backend, "onnxruntime");
    EXPECT_EQ(row.kernel, "cpu");
    EXPECT_EQ(row.bytes, 16);
  }
}

TEST_P(RealOnnxRuntime, BoundInputsAndOutputsGiveTheSame) {
  const Session session =
      affine().session({.backends = {"onnxruntime"}, .strict = true, .backend_options = {{"onnxruntime.io_binding", "1"}}});
  for (int64_t rows : {1, 2, 5}) {
    std::vector<float> ones(size_t(rows * 3), 1);
    const Outputs out = session.run({{"x", floats({rows, 3}, ones)}});
    EXPECT_EQ(out["y"].shape(), (Shape{rows, 2}));
    EXPECT_EQ(values_of<float>(out["y"])[0], 19);
  }
  ModelMaker m(13, 8);
  m.input("x", DType::float32, {"n"}).input("i", DType::int64, {"k"}).output("y", DType::float32, {"k"});
  m.node("Gather", {"x", "i"}, {"y"}, {}, "", "pick");
  const Session bad = m.session({.backends = {"onnxruntime"}, .strict = true, .backend_options = {{"onnxruntime.io_binding", "1"}}});
  expect_error(thrown_by([&] { bad.run({{"x", floats({2}, {1, 2})}, {"i", ints({1}, {9})}}); }), ErrorCode::invalid_argument, {"pick"});
}

TEST_P(RealOnnxRuntime, OptionsAndIndicesThatItHasNotAreErrors) {
  const auto refused = [](const char* backend, const char* key, const char* value) {
    return thrown_by([&] { affine().session({.backends = {backend}, .strict = true, .backend_options = {{key, value}}}); });
  };
  expect_error(refused("onnxruntime", "onnxruntime.migraphx.migraphx_fp32", "1"), ErrorCode::invalid_argument,
               {"provider 'migraphx'", "migraphx_bf16_enable"});
  expect_error(refused("onnxruntime", "onnxruntime.io_binding", "2"), ErrorCode::invalid_argument, {"takes 0, 1"});
  expect_error(refused("onnxruntime", "onnxruntime.toaster.level", "2"), ErrorCode::invalid_argument, {"toaster.level", "vitisai.KEY"});
  expect_error(thrown_by([] { affine().session({.backends = {"onnxruntime:cpu:7"}, .strict = true}); }), ErrorCode::not_found,
               {"no device 'cpu:7'", "cpu:0"});
  expect_error(thrown_by([] { affine().session({.backends = {"onnxruntime:cuda:3"}, .strict = true}); }), ErrorCode::unavailable,
               {"built without provider 'cuda'", "cpu"});
}

TEST_P(NewestOnnxRuntime, AnIndexThatAProviderDoesNotTakeIsAnError) {
  expect_error(thrown_by([] { affine().session({.backends = {"onnxruntime:azure:3"}, .strict = true}); }), ErrorCode::not_found,
               {"'azure:3'", "takes no index"});
}

TEST_P(NewestOnnxRuntime, ItsDeviceListSaysWhatAcceleratorsThereAre) {
  const Probe probe = probe_backend(**find_backend("onnxruntime"));
  size_t accelerators = 0;
  for (const Device& device : probe.devices) accelerators += device.kind != "cpu";
  bool says_none = false;
  for (const std::string& note : probe.notes) says_none |= note == "it lists no accelerator";
  EXPECT_EQ(says_none, accelerators == 0);
}

// A provider that is a library of its own: NACRE_TEST_ONNXRUNTIME_PLUGIN is its path.
TEST_P(NewestOnnxRuntime, APluginProviderRunsAndIsInTheProfile) {
  const char* plugin = std::getenv("NACRE_TEST_ONNXRUNTIME_PLUGIN");
  if (!plugin || !*plugin) {
    if (std::getenv("CI")) FAIL() << "NACRE_TEST_ONNXRUNTIME_PLUGIN names no provider library";
    GTEST_SKIP() << "NACRE_TEST_ONNXRUNTIME_PLUGIN names no provider library; scripts/test fetches one";
  }
  std::optional<Session> session;
  try {
    session = affine().session({.backends = {"onnxruntime:plugin"}, .strict = true, .backend_options = {{"onnxruntime.plugin", plugin}}});
  } catch (const Error& error) {
    // It was registered and asked for its devices; OpenVINO's takes processors of Intel alone.
    expect_says(error.what(), "offers no provider; it offers none");
    EXPECT_EQ(cpu().model.find("Intel"), std::string::npos);
    return;
  }
  Profile profile;
  const Outputs out = session->run({{"x", floats({2, 3}, {1, 0, 0, 0, 1, 1})}}, {.profile = &profile});
  EXPECT_EQ(values_of<float>(out["y"]), (std::vector<float>{11, 22, 18, 30}));
  ASSERT_FALSE(profile.nodes.empty());
  EXPECT_EQ(profile.nodes[0].kernel, "openvino");
  EXPECT_TRUE(session->report().warnings.empty()) << session->report().text();
  expect_error(thrown_by([&] {
                 affine().session({.backends = {"onnxruntime:plugin"},
                                   .strict = true,
                                   .backend_options = {{"onnxruntime.plugin", plugin}, {"onnxruntime.plugin_provider", "Toaster"}}});
               }),
               ErrorCode::unavailable, {"offers no provider 'Toaster'", "OpenVINO"});
}

TEST(NodeTimes, AreThoseOfTheLastRunWithoutBodies) {
  const auto times = onnxruntime::read_node_times(R"([
    {"cat":"Session","dur":50,"ts":100,"name":"model_run"},
    {"cat":"Node","dur":9,"ts":105,"name":"cold_kernel_time","args":{"op_name":"Neg","provider":"CPUExecutionProvider"}},
    {"cat":"Session","dur":50,"ts":200,"name":"model_run"},
    {"cat":"Node","dur":10,"ts":212,"name":"inner_kernel_time","args":{"op_name":"Abs","provider":"CPUExecutionProvider"}},
    {"cat":"Node","dur":30,"ts":210,"name":"loop_kernel_time","args":{"op_name":"Loop","provider":"X","output_size":"12"}},
    {"cat":"Node","dur":5,"ts":241,"name":"last_kernel_time","args":{}},
    {"cat":"Node","dur":5,"ts":241,"name":"last_fence_before","args":{}}, 7, null])");
  ASSERT_TRUE(times) << times.error().what();
  ASSERT_EQ(times->size(), 2u);
  EXPECT_EQ((*times)[0].name, "loop");
  EXPECT_EQ((*times)[0].bytes, 12);
  EXPECT_NEAR((*times)[0].begin, 0.010, 1e-9);
  EXPECT_NEAR((*times)[0].milliseconds, 0.030, 1e-9);
  EXPECT_EQ((*times)[1].name, "last");
  for (const char* wrong : {"", "{", "7", "{}", "[]", R"([{"name":5,"ts":"x"}])"})
    EXPECT_FALSE(onnxruntime::read_node_times(wrong)) << wrong;
}

// The rest of the graph is exported when a part of it is refused.
TEST_P(NewestOnnxRuntime, RegionsAreExportedAndNamedWhereItRefuses) {
  ModelMaker m(22);
  m.input("x", DType::uint16, {"n"}).output("y", DType::uint16, {"n"}).output("z", DType::float32, {"n"});
  m.constant("one", Tensor::scalar<uint16_t>(1));
  m.node("BitShift", {"x", "one"}, {"y"}, {attribute("direction", "LEFT")}, "", "twice");  // no kernel for uint16 there
  m.node("Cast", {"y"}, {"f"}, {attribute("to", 1)}, "", "widen").node("Exp", {"f"}, {"z"}, {}, "", "grow");
  const Session session = m.session({.backends = {"onnxruntime"}});
  const uint16_t x[] = {0, 1};
  const Outputs out = session.run({{"x", Tensor::of<uint16_t>({2}, std::span<const uint16_t>(x))}});
  EXPECT_EQ(values_of<uint16_t>(out["y"]), (std::vector<uint16_t>{0, 2}));
  EXPECT_NEAR(values_of<float>(out["z"])[1], std::exp(2.0f), 1e-5);
  size_t there = 0;
  for (const PlacedRegion& region : session.report().regions)
    if (region.backend == "onnxruntime") there += region.nodes.size();
  EXPECT_EQ(there, 2u) << session.report().text();
  expect_says(session.report().text(), "1 node(s) run on native: onnxruntime could not compile it");
}

}  // namespace
}  // namespace nacre
