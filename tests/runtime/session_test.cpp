#include <atomic>
#include <optional>
#include <thread>

#include "runtime/session_state.h"
#include "tests/support/model_maker.h"

namespace nacre {
namespace {

using namespace test;

// y = x w + b for x [n,3], w [3,2]
ModelMaker affine() {
  ModelMaker m;
  m.input("x", DType::float32, {"n", 3}).output("y", DType::float32, {"n", 2});
  m.constant("w", floats({3, 2}, {1, 2, 3, 4, 5, 6})).constant("b", floats({2}, {10, 20}));
  m.node("MatMul", {"x", "w"}, {"xw"}, {}, "", "product").node("Add", {"xw", "b"}, {"y"}, {}, "", "shift");
  return m;
}

ModelMaker endless_loop() {
  GraphProtoMaker body;
  body.input("i", DType::int64, {}).input("go", DType::boolean, {}).input("v", DType::float32, {});
  body.output("go_on", DType::boolean, {}).output("w", DType::float32, {});
  body.node("Identity", {"go"}, {"go_on"}).node("Neg", {"v"}, {"w"});
  ModelMaker m;
  m.input("trips", DType::int64, {}).input("start", DType::float32, {}).output("y", DType::float32, {});
  m.constant("true", truth(true));
  m.node("Loop", {"trips", "true", "start"}, {"y"}, {attribute("body", body.proto)}, "", "endless");
  return m;
}

const char* const kEngines[] = {"native", "reference"};

TEST(Session, RunsByName) {
  for (const char* engine : kEngines) {
    const Session session = affine().session({.backends = {engine}});
    const Outputs out = session.run({{"x", floats({2, 3}, {1, 0, 0, 0, 1, 1})}});
    ASSERT_EQ(out.size(), 1u);
    EXPECT_EQ(out.name(0), "y");
    EXPECT_EQ(values_of<float>(out["y"]), (std::vector<float>{11, 22, 18, 30}));
    expect_error(thrown_by([&] { out.value("z"); }), ErrorCode::not_found, {"'z'", "it has y"});
  }
}

TEST(Session, PortsShowNamesTypesAndSymbols) {
  const Session session = affine().session();
  ASSERT_EQ(session.inputs().size(), 1u);
  const Port& x = session.inputs()[0];
  EXPECT_EQ(x.name, "x");
  EXPECT_EQ(x.type, "float32[n,3]");
  EXPECT_EQ(x.dims, (std::vector<std::string>{"n", "3"}));
  EXPECT_EQ(x.sizes, (std::vector<int64_t>{-1, 3}));
  EXPECT_EQ(session.outputs()[0].type, "float32[n,2]");
}

TEST(Session, WrongInputsAreRefusedWithReceivedAgainstExpected) {
  const Session session = affine().session();
  const auto error = [&](const Inputs& inputs) { return thrown_by([&] { session.run(inputs); }); };
  const Tensor good = floats({1, 3}, {1, 2, 3});
  expect_error(error({{"z", good}}), ErrorCode::not_found, {"no input 'z'", "it has x"});
  expect_error(error({{"x", Tensor(DType::int64, {1, 3})}}), ErrorCode::invalid_argument, {"'x'", "int64[1,3]", "takes float32[n,3]"});
  expect_error(error({{"x", Tensor(DType::float32, {3})}}), ErrorCode::invalid_argument, {"'x'", "float32[3]", "rank 1", "float32[n,3]"});
  expect_error(error({{"x", Tensor(DType::float32, {1, 4})}}), ErrorCode::invalid_argument, {"'x'", "dimension 1 is 4", "float32[n,3]"});
  expect_error(error({}), ErrorCode::invalid_argument, {"'x'", "float32[n,3]", "missing"});
  expect_error(error({{"x", good}, {"x", good}}), ErrorCode::invalid_argument, {"'x'", "twice"});
  expect_error(error({{"x", Value::sequence({Value(good)})}}), ErrorCode::invalid_argument, {"'x'", "sequence", "float32[n,3]"});
  EXPECT_EQ(values_of<float>(session.run({{"x", good}})["y"]), (std::vector<float>{32, 48})) << "errors leave the session usable";
}

TEST(Session, UnknownBackendListsTheKnownOnes) {
  expect_error(thrown_by([] { affine().session({.backends = {"warp"}}); }), ErrorCode::not_found,
               {"'warp'", "native", "reference", "null"});
}

TEST(Session, NullBackendGivesZerosOfTheRightShape) {
  const Session session = affine().session({.backends = {"null"}});
  const Outputs out = session.run({{"x", Tensor(DType::float32, {5, 3})}});
  EXPECT_EQ(out["y"].shape(), (Shape{5, 2}));
  EXPECT_EQ(session.report().regions.at(0).backend, "null");
}

TEST(Session, ProfileListsEveryNodeInOrder) {
  for (const char* engine : kEngines) {
    const Session session = affine().session({.backends = {engine}, .optimise = false});
    Profile profile;
    session.run({{"x", Tensor(DType::float32, {1, 3})}}, {.profile = &profile});
    session.run({{"x", Tensor(DType::float32, {1, 3})}}, {.profile = &profile});
    ASSERT_EQ(profile.nodes.size(), 2u) << "of one run, not of both";
    EXPECT_EQ(profile.nodes[0].node, "product");
    EXPECT_EQ(profile.nodes[0].op, "MatMul");
    EXPECT_EQ(profile.nodes[1].node, "shift");
    EXPECT_EQ(profile.nodes[1].backend, engine);
    EXPECT_EQ(profile.nodes[1].bytes, 8) << engine;
    EXPECT_EQ(profile.nodes[0].flops, engine == std::string_view("native") ? 2 * 3 * 2 : 0) << "of [1,3] x [3,2]; others plan no shapes";
    EXPECT_NE(profile.text().find("MatMul"), std::string::npos);
    EXPECT_NE(profile.json().find("\"name\":\"shift\""), std::string::npos);
  }
}

TEST(Session, BudgetIsRefusedBeforeAllocatingNamingNodeSizeAndBudget) {
  ModelMaker m;
  m.input("x", DType::float32, {"n"}).output("y", DType::float32, {"n", "m"}).input("target", DType::int64, {2});
  m.node("Expand", {"x", "target"}, {"y"}, {}, "", "widen");
  for (const char* engine : kEngines) {
    const Session session = m.session({.backends = {engine}, .memory_budget = 1 << 20});
    const Error error =
        thrown_by([&] { session.run({{"x", Tensor(DType::float32, {1})}, {"target", ints({2}, {int64_t{1} << 20, int64_t{1} << 20})}}); });
    expect_error(error, ErrorCode::resource_exhausted, {"Expand \"widen\"", "4398046511104", "1048576"});
    EXPECT_EQ(session.run({{"x", Tensor(DType::float32, {1})}, {"target", ints({2}, {2, 2})}})["y"].size(), 4);
  }
}

TEST(Session, PlannedArenaCountsAgainstTheBudget) {
  ModelMaker m;
  m.input("x", DType::float32, {"n"}).output("y", DType::float32, {});
  m.node("Exp", {"x"}, {"a"}, {}, "", "grow").node("Neg", {"a"}, {"b"}).node("ReduceMax", {"b"}, {"y"}, {attribute("keepdims", 0)});
  for (const char* engine : kEngines) {
    const Session session = m.session({.backends = {engine}, .memory_budget = 1 << 20});
    expect_error(thrown_by([&] { session.run({{"x", Tensor(DType::float32, {1 << 20})}}); }), ErrorCode::resource_exhausted,
                 {"grow", "4194304", "1048576"});
    session.run({{"x", Tensor(DType::float32, {1 << 10})}});
  }
}

TEST(Session, DefaultBudgetGrowsWithWeightsAndInputs) {
  const Session session = affine().session();
  const int64_t least = run_budget(session.state(), 0), more = run_budget(session.state(), 1000);
  EXPECT_EQ(least, (int64_t{256} << 20) + 64 * (24 + 8));
  EXPECT_EQ(more - least, 64'000);
  EXPECT_LT(run_budget(session.state(), INT64_MAX / 2), INT64_MAX / 2) << "never above what the machine has";
}

TEST(Session, CancelStopsALongLoopWithin50Milliseconds) {
  for (const char* engine : kEngines) {
    const Session session = endless_loop().session({.backends = {engine}});
    std::atomic<bool> cancel{false}, started{false};
    std::chrono::steady_clock::time_point asked;
    std::thread canceller([&] {
      while (!started) std::this_thread::yield();
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      asked = std::chrono::steady_clock::now();
      cancel = true;
    });
    started = true;
    const Error error =
        thrown_by([&] { session.run({{"trips", ints({}, {INT64_MAX})}, {"start", floats({}, {1})}}, {.cancel = &cancel}); });
    const auto ended = std::chrono::steady_clock::now();
    canceller.join();
    expect_error(error, ErrorCode::cancelled);
    EXPECT_LT(ended - asked, std::chrono::milliseconds(50)) << engine;
  }
}

TEST(Session, DeadlineStopsALongLoopWithin50Milliseconds) {
  for (const char* engine : kEngines) {
    const Session session = endless_loop().session({.backends = {engine}});
    const auto begin = std::chrono::steady_clock::now();
    const Error error = thrown_by(
        [&] { session.run({{"trips", ints({}, {INT64_MAX})}, {"start", floats({}, {1})}}, {.timeout = std::chrono::milliseconds(30)}); });
    expect_error(error, ErrorCode::deadline_exceeded);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(80)) << engine;
    EXPECT_EQ(session.run({{"trips", ints({}, {3})}, {"start", floats({}, {1})}})["y"].data<float>()[0], -1) << "the session still works";
  }
}

TEST(Session, TrimGivesMemoryBackAndTheNextRunTakesItAgain) {
  ModelMaker m;
  m.input("x", DType::float32, {"n"}).output("y", DType::float32, {});
  m.node("Exp", {"x"}, {"a"}).node("Neg", {"a"}, {"b"}).node("ReduceMax", {"b"}, {"y"}, {attribute("keepdims", 0)});
  const Session session = m.session({.backends = {"native"}});
  const Executable& executable = *session.state().regions[0].executable;
  session.run({{"x", Tensor(DType::float32, {1000})}});
  EXPECT_GE(executable.resident_bytes(), 4000);
  session.trim();
  EXPECT_EQ(executable.resident_bytes(), 0);
  EXPECT_EQ(session.run({{"x", Tensor(DType::float32, {1000})}})["y"].data<float>()[0], -1);
}

TEST(Session, TheMemoryOfDroppedResultsServesTheNextRun) {
  ModelMaker m;
  m.input("x", DType::float32, {"n"}).output("y");
  m.node("Exp", {"x"}, {"y"});
  const Session session = m.session({.backends = {"native"}});
  const Inputs inputs{{"x", Tensor(DType::float32, {100000})}};
  std::optional<Outputs> first = session.run(inputs);
  const void* at = (*first)["y"].raw();
  const Outputs second = session.run(inputs);
  EXPECT_NE(second["y"].raw(), at) << "the first is still there";
  first.reset();
  const Outputs third = session.run(inputs);
  EXPECT_EQ(third["y"].raw(), at);
  EXPECT_EQ(third["y"].data<float>()[99999], 1);
  EXPECT_EQ(second["y"].data<float>()[99999], 1);
}

TEST(Session, InputsAndConstantsMayBeOutputs) {
  ModelMaker m;
  m.input("x", DType::float32, {"n"}).output("x").output("c").output("x2").output("y");
  m.constant("c", floats({2}, {7, 8}));
  m.node("Identity", {"x"}, {"x2"}).node("Neg", {"x"}, {"y"});
  for (const char* engine : kEngines) {
    Tensor x = floats({2}, {1, 2});
    const Outputs out = m.session({.backends = {engine}}).run({{"x", x}});
    x.mutable_data<float>()[0] = 99;
    EXPECT_EQ(values_of<float>(out["x"]), (std::vector<float>{1, 2})) << "an output is the caller's own";
    EXPECT_EQ(values_of<float>(out["x2"]), (std::vector<float>{1, 2}));
    EXPECT_EQ(values_of<float>(out["c"]), (std::vector<float>{7, 8}));
    EXPECT_EQ(values_of<float>(out["y"]), (std::vector<float>{-1, -2}));
  }
}

TEST(Session, OutputsOutliveTheSessionAndItsRuns) {
  Tensor first, second;
  {
    const Session session = affine().session();
    first = session.run({{"x", floats({1, 3}, {1, 0, 0})}})["y"];
    second = session.run({{"x", floats({1, 3}, {0, 1, 0})}})["y"];
  }
  EXPECT_EQ(values_of<float>(first), (std::vector<float>{11, 22}));
  EXPECT_EQ(values_of<float>(second), (std::vector<float>{13, 24}));
}

// --- defaults and names of dims ---

TEST(Session, DefaultsMayBeOverridden) {
  ModelMaker m;
  m.input("x", DType::float32, {2}).input("w", DType::float32, {2}).output("y", DType::float32, {2});
  m.constant("w", floats({2}, {10, 20}))
      .constant("fixed", floats({1}, {1}))
      .node("Add", {"x", "w"}, {"s"})
      .node("Add", {"s", "fixed"}, {"y"});
  for (const char* engine : kEngines) {
    const Session session = m.session({.backends = {engine}});
    const Tensor x = floats({2}, {1, 2});
    EXPECT_EQ(values_of<float>(session.run({{"x", x}})["y"]), (std::vector<float>{12, 23}));
    EXPECT_EQ(values_of<float>(session.run({{"x", x}, {"w", floats({2}, {0, 5})}})["y"]), (std::vector<float>{2, 8}));
    EXPECT_EQ(values_of<float>(session.run({{"x", x}})["y"]), (std::vector<float>{12, 23}));
    expect_error(thrown_by([&] { session.run({{"x", x}, {"fixed", floats({1}, {0})}}); }), ErrorCode::not_found, {"'fixed'"});
    EXPECT_THROW(session.run({{"x", x}, {"w", ints({2}, {0, 5})}}), Error);
  }
}

// Names of dims are the exporter's words: where they do not hold, nothing may be concluded from them.
TEST(Session, DimsOfOneNameMayDiffer) {
  ModelMaker m;
  m.input("x", DType::float32, {"n", 2}).input("r", DType::float32, {"n", 2}).output("y").constant("w", floats({2, 2}, {1, 0, 0, 1}));
  m.node("MatMul", {"x", "w"}, {"p"}).node("Add", {"p", "r"}, {"s"}).node("Shape", {"x"}, {"size"}).node("Expand", {"s", "size"}, {"y"});
  for (const char* engine : kEngines) {
    const Session session = m.session({.backends = {engine}});
    EXPECT_EQ(values_of<float>(session.run({{"x", floats({1, 2}, {1, 2})}, {"r", floats({1, 2}, {5, 5})}})["y"]),
              (std::vector<float>{6, 7}));
    EXPECT_EQ(values_of<float>(session.run({{"x", floats({2, 2}, {1, 2, 3, 4})}, {"r", floats({1, 2}, {5, 5})}})["y"]),
              (std::vector<float>{6, 7, 8, 9}));
    EXPECT_EQ(values_of<float>(session.run({{"x", floats({1, 2}, {1, 2})}, {"r", floats({2, 2}, {0, 0, 5, 5})}})["y"]),
              (std::vector<float>{1, 2, 6, 7}));
  }
}

// Sequences of one length whose items differ need plans of their own.
TEST(Session, SequencesOfOtherShapesGetTheirOwnPlan) {
  ModelMaker m;
  m.input("s", sequence_type(rankless(DType::float32))).input("at", DType::int64, {}).output("y", rankless(DType::float32));
  m.node("SequenceAt", {"s", "at"}, {"item"}).node("Neg", {"item"}, {"y"});
  for (const char* engine : kEngines) {
    const Session session = m.session({.backends = {engine}});
    const auto run = [&](std::vector<Value> items, int64_t at) {
      return session.run({{"s", Value::sequence(std::move(items))}, {"at", ints({}, {at})}})["y"];
    };
    const Tensor small = floats({1}, {1}), large = floats({2, 2}, {1, 2, 3, 4});
    EXPECT_EQ(run({Value(small)}, 0).shape(), (Shape{1}));
    EXPECT_EQ(run({Value(large)}, 0).shape(), (Shape{2, 2}));
    EXPECT_EQ(values_of<float>(run({Value(small), Value(large)}, 1)), (std::vector<float>{-1, -2, -3, -4}));
    EXPECT_EQ(values_of<float>(run({Value(large), Value(small)}, 1)), (std::vector<float>{-1}));
  }
}

TEST(Session, AFailedRunLeavesNothingBehind) {
  ModelMaker m;
  m.input("x", DType::float32, {"n"}).input("i", DType::int64, {1}).output("y", rankless(DType::float32));
  m.node("Neg", {"x"}, {"a"}).node("Exp", {"a"}, {"b"}).node("Gather", {"b", "i"}, {"c"}, {}, "", "look").node("Abs", {"c"}, {"y"});
  for (const char* engine : kEngines) {
    const Session session = m.session({.backends = {engine}});
    for (int round = 0; round < 3; ++round) {
      expect_error(thrown_by([&] { session.run({{"x", floats({2}, {0, 0})}, {"i", ints({1}, {2})}}); }), ErrorCode::invalid_argument,
                   {"Gather \"look\"", "2"});
      EXPECT_EQ(values_of<float>(session.run({{"x", floats({2}, {0, 0})}, {"i", ints({1}, {-1})}})["y"]), (std::vector<float>{1}));
    }
  }
}

// --- many threads; also run under TSan ---

TEST(SessionThreads, TwoThreadsRunningOneSessionGetTheirOwnOutputs) {
  const Session session = affine().session();
  const auto work = [&](float value) {
    for (int round = 0; round < 200; ++round) {
      const Tensor y = session.run({{"x", floats({1, 3}, {value, 0, 0})}})["y"];
      if (values_of<float>(y) != std::vector<float>{10 + value, 20 + 2 * value}) return false;
    }
    return true;
  };
  bool first = false, second = false;
  std::thread a([&] { first = work(1); }), b([&] { second = work(1000); });
  a.join(), b.join();
  EXPECT_TRUE(first);
  EXPECT_TRUE(second);
}

TEST(SessionThreads, EightThreadsOfManySizesShareASession) {
  ModelMaker m;
  m.input("x", DType::float32, {"n"}).output("y", DType::float32, {"n"}).output("sum", DType::float32, {});
  m.node("Neg", {"x"}, {"a"}).node("Reshape", {"a", "flat"}, {"b"}).node("Add", {"b", "x"}, {"zero"}).node("Sub", {"zero", "b"}, {"y"});
  m.node("ReduceSum", {"y"}, {"sum"}, {attribute("keepdims", 0)});
  m.constant("flat", ints({1}, {-1}));
  const Session session = m.session({.threads = 2});
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (int round = 0; round < 50; ++round) {
        const int64_t n = 1 + (t * 37 + round * 11) % 23 * 500;
        Tensor x(DType::float32, {n});
        for (float& v : x.mutable_data<float>()) v = float(t + 1);
        const Outputs out = session.run({{"x", x}});
        if (out["sum"].data<float>()[0] != float(n * (t + 1)) || out["y"].size() != n) ++wrong;
        if (round % 16 == 0) session.trim();
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace nacre
