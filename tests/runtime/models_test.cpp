#include "nacre/models.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <limits>
#include <random>
#include <thread>

#include "core/os/file.h"
#include "core/os/memory.h"
#include "tests/support/model_maker.h"

namespace nacre {
namespace {

using namespace test;
using namespace std::chrono_literals;

// y = factor * x + pad, `pad` there only to be large.
std::string write_model(const std::string& name, float factor, int64_t size = 8, const std::string& output = "y") {
  ModelMaker m;
  m.input("x", DType::float32, {"n"}).output(output, DType::float32, {"n"});
  m.constant("factor", floats({1}, {factor})).constant("pad", Tensor(DType::float32, {size}));
  m.node("ReduceSum", {"pad"}, {"nothing"}, {attribute("keepdims", 0)}).node("Mul", {"x", "factor"}, {"scaled"});
  m.node("Add", {"scaled", "nothing"}, {output});
  const std::string path = testing::TempDir() + name + ".onnx";
  EXPECT_TRUE(write_file(path, std::span<const std::byte>(m.bytes())));
  return path;
}

const SessionOptions kPlain{.threads = 1, .optimise = false};  // the pad stays where it is

ModelSpec spec_of(const std::string& path) {
  ModelSpec out;
  out.path = path, out.session = kPlain;
  return out;
}

float run(const Model& model, float x) { return model.run({{"x", floats({1}, {x})}})["y"].data<float>()[0]; }

Refusal refused(auto&& call) {
  try {
    call();
  } catch (const Refusal& refusal) { return refusal; } catch (const std::exception& other) {
    ADD_FAILURE() << "not a refusal: " << other.what();
    return {Refusal::Kind::busy, ErrorCode::internal, "", 0ms};
  }
  ADD_FAILURE() << "nothing was thrown";
  return {Refusal::Kind::busy, ErrorCode::internal, "", 0ms};
}

ModelStatus status_of(const Models& models, std::string_view name) {
  for (ModelStatus& status : models.list())
    if (status.name == name) return status;
  ADD_FAILURE() << "no model " << name;
  return {};
}

// Loaders that can be watched and slowed.
std::atomic<int> loads{0};
std::atomic<bool> loads_fail{false};
LoadedModel slow_loader(const ModelSpec& spec) {
  ++loads;
  std::this_thread::sleep_for(50ms);
  if (loads_fail) throw Error(ErrorCode::io, "the disk is on fire");
  return {std::make_shared<const Session>(Session::load(spec.path, spec.session)), nullptr, 0};
}

TEST(ModelsConcurrent, AHundredThreadsLoadAColdModelOnce) {
  Models models;
  ModelSpec spec = spec_of(write_model("cold", 2));
  spec.loader = slow_loader, spec.slots = 4, spec.queue = 100;
  loads = 0, loads_fail = false;
  models.add("cold", spec);
  EXPECT_EQ(loads, 0) << "lazy";
  std::atomic<int> right{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 100; ++i) threads.emplace_back([&, i] { right += run(models.acquire("cold"), float(i)) == float(2 * i); });
  }
  EXPECT_EQ(right, 100);
  EXPECT_EQ(loads, 1);
  EXPECT_EQ(status_of(models, "cold").loads, 1);
}

TEST(ModelsConcurrent, AFailedLoadIsToldToAllWhoWaitAndNotTriedAgainAtOnce) {
  Models models;
  ModelSpec spec = spec_of(write_model("failing", 2));
  spec.loader = slow_loader;
  models.add("failing", spec);
  loads = 0, loads_fail = true;
  std::atomic<int> told{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 20; ++i)
      threads.emplace_back([&] {
        const Refusal refusal = refused([&] { models.acquire("failing"); });
        told += refusal.kind() == Refusal::Kind::load_failed && refusal.code() == ErrorCode::io && refusal.retry_after() > 0ms;
      });
  }
  EXPECT_EQ(told, 20);
  EXPECT_EQ(loads, 1);
  loads_fail = false;
  const Refusal again = refused([&] { models.acquire("failing"); });
  EXPECT_NE(std::string(again.what()).find("the disk is on fire"), std::string::npos);
  EXPECT_LE(again.retry_after(), 1000ms);
  std::this_thread::sleep_for(again.retry_after());
  EXPECT_EQ(run(models.acquire("failing"), 3), 6);
  EXPECT_EQ(models.list().size(), 1u);
}

TEST(Models, UnknownNamesListTheKnownOnes) {
  Models models;
  models.add("one", spec_of(write_model("one", 1)));
  const Refusal refusal = refused([&] { models.acquire("two"); });
  EXPECT_EQ(refusal.kind(), Refusal::Kind::unknown_model);
  EXPECT_NE(std::string(refusal.what()).find("'two'; there are one"), std::string::npos) << refusal.what();
  EXPECT_EQ(refused([&] { models.add("one", spec_of("x")); }).kind(), Refusal::Kind::exists);
  models.remove("one");
  EXPECT_TRUE(models.list().empty());
  EXPECT_EQ(models.bytes(), 0);
}

TEST(Models, EagerOnesAreLoadedWhenAddedAndBadOnesAreNotAdded) {
  Models models;
  ModelSpec spec = spec_of(write_model("eager", 5));
  spec.mode = LoadMode::eager;
  models.add("eager", spec);
  EXPECT_EQ(status_of(models, "eager").state, ModelStatus::State::ready);
  spec.path = "/nowhere/model.onnx";
  EXPECT_EQ(refused([&] { models.add("bad", spec); }).kind(), Refusal::Kind::load_failed);
  EXPECT_EQ(models.list().size(), 1u);
}

TEST(ModelsConcurrent, NoTwoCallersAreInOneSlot) {
  Models models;
  ModelSpec spec = spec_of(write_model("slots", 2));
  spec.slots = 3, spec.queue = 100;
  models.add("slots", spec);
  const Model model = models.acquire("slots");
  std::atomic<int> inside[3] = {}, total{0}, clashes{0}, most{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 16; ++i)
      threads.emplace_back([&] {
        for (int k = 0; k < 20; ++k) {
          const Model::Slot slot = model.slot();
          clashes += inside[slot.index()].fetch_add(1) != 0;
          const int now = ++total;
          for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {}
          slot.run({{"x", floats({1}, {1})}});
          --total, --inside[slot.index()];
        }
      });
  }
  EXPECT_EQ(clashes, 0);
  EXPECT_LE(most, 3);
  EXPECT_EQ(status_of(models, "slots").runs, 16 * 20);
  EXPECT_EQ(status_of(models, "slots").running, 0);
}

TEST(Models, AFullQueueRefusesAndSaysHowLong) {
  Models models({.timeout = 50ms});
  ModelSpec spec = spec_of(write_model("busy", 2));
  spec.queue = 0;
  models.add("busy", spec);
  const Model model = models.acquire("busy");
  {
    const Model::Slot slot = model.slot();
    const Refusal busy = refused([&] { run(model, 1); });
    EXPECT_EQ(busy.kind(), Refusal::Kind::busy);
    EXPECT_GT(busy.retry_after(), 0ms);
  }
  EXPECT_EQ(run(model, 1), 2);
  spec.queue = 1;
  models.add("waits", spec);
  const Model patient = models.acquire("waits");
  const Model::Slot slot = patient.slot();
  EXPECT_EQ(refused([&] { run(patient, 1); }).kind(), Refusal::Kind::timed_out);
}

constexpr int64_t kMebibyte = 1 << 20;

TEST(Models, TheOneUsedLongestAgoMakesRoom) {
  Models models({.memory_budget = 3 * kMebibyte});
  for (const char* name : {"a", "b", "c"}) models.add(name, spec_of(write_model(name, 2, kMebibyte / 4)));
  run(models.acquire("a"), 1);
  run(models.acquire("b"), 1);
  run(models.acquire("a"), 1);
  run(models.acquire("c"), 1);
  EXPECT_EQ(status_of(models, "b").state, ModelStatus::State::cold);
  EXPECT_EQ(status_of(models, "a").state, ModelStatus::State::ready);
  EXPECT_GE(models.bytes(), 2 * kMebibyte) << "measured";
  EXPECT_LE(models.bytes(), 3 * kMebibyte);
}

TEST(Models, CountsAreLimitedToo) {
  Models models({.most_loaded = 2});
  for (const char* name : {"a", "b", "c"}) models.add(name, spec_of(write_model(name, 2)));
  for (const char* name : {"a", "b", "c"}) run(models.acquire(name), 1);
  EXPECT_EQ(status_of(models, "a").state, ModelStatus::State::cold);
  const Model b = models.acquire("b"), c = models.acquire("c");
  EXPECT_EQ(refused([&] { models.acquire("a"); }).kind(), Refusal::Kind::no_memory);
}

TEST(Models, WithoutRoomOneRequestFailsAlone) {
  Models models({.memory_budget = 3 * kMebibyte});
  ModelSpec spec = spec_of(write_model("a", 2, kMebibyte / 4));
  spec.mode = LoadMode::pinned;
  models.add("a", spec);
  models.add("b", spec_of(write_model("b", 3, kMebibyte / 4)));
  models.add("c", spec_of(write_model("c", 4, kMebibyte / 4)));
  models.add("huge", spec_of(write_model("huge", 4, kMebibyte)));
  const Model b = models.acquire("b");
  const Refusal refusal = refused([&] { models.acquire("c"); });
  EXPECT_EQ(refusal.kind(), Refusal::Kind::no_memory);
  EXPECT_EQ(refusal.code(), ErrorCode::resource_exhausted);
  EXPECT_GT(refusal.retry_after(), 0ms) << "b may be free soon";
  EXPECT_EQ(refused([&] { models.acquire("huge"); }).kind(), Refusal::Kind::too_large);
  EXPECT_EQ(run(b, 1), 3);
  EXPECT_EQ(run(models.acquire("a"), 1), 2) << "pinned";
}

TEST(Models, WhatNobodyUsesIsUnloadedInTime) {
  Models models;
  ModelSpec spec = spec_of(write_model("brief", 2));
  spec.keep_alive = 20ms;
  models.add("brief", spec);
  Model model = models.acquire("brief");
  std::this_thread::sleep_for(100ms);
  EXPECT_EQ(status_of(models, "brief").state, ModelStatus::State::ready) << "somebody has it";
  { const Model gone = std::move(model); }
  for (int i = 0; i < 200 && models.bytes() > 0; ++i) std::this_thread::sleep_for(10ms);
  EXPECT_EQ(status_of(models, "brief").state, ModelStatus::State::cold);
  EXPECT_EQ(models.bytes(), 0);
  EXPECT_EQ(run(models.acquire("brief"), 2), 4);
}

TEST(Models, PinnedOnesStayThoughNobodyUsesThem) {
  Models models;
  for (const auto& [name, mode] : {std::pair("pinned", LoadMode::pinned), {"eager", LoadMode::eager}}) {
    ModelSpec spec = spec_of(write_model(name, 2));
    spec.mode = mode, spec.keep_alive = 5ms;
    models.add(name, spec);
  }
  for (int i = 0; i < 1000 && status_of(models, "eager").state == ModelStatus::State::ready; ++i) std::this_thread::sleep_for(5ms);
  EXPECT_EQ(status_of(models, "eager").state, ModelStatus::State::cold) << "its time came, that of the other one too";
  EXPECT_EQ(status_of(models, "pinned").state, ModelStatus::State::ready);
  models.unload("pinned");
  EXPECT_EQ(status_of(models, "pinned").state, ModelStatus::State::cold);
}

TEST(ModelsConcurrent, UnloadWaitsForItsUsers) {
  Models models({.timeout = 5s});
  models.add("used", spec_of(write_model("used", 2)));
  auto model = std::make_unique<Model>(models.acquire("used"));
  std::atomic<bool> given_back{false};
  std::jthread user([&] {
    std::this_thread::sleep_for(50ms);
    given_back = true;
    model.reset();
  });
  models.unload("used");
  EXPECT_TRUE(given_back);
  EXPECT_EQ(models.bytes(), 0);
}

TEST(Models, AnUnloadThatWaitsTooLongSaysSoAndHappensLater) {
  Models models({.timeout = 20ms});
  models.add("used", spec_of(write_model("used", 2)));
  auto model = std::make_unique<Model>(models.acquire("used"));
  EXPECT_EQ(refused([&] { models.unload("used"); }).kind(), Refusal::Kind::timed_out);
  EXPECT_EQ(run(*model, 2), 4);
  EXPECT_GT(models.bytes(), 0);
  model.reset();
  EXPECT_EQ(models.bytes(), 0);
}

TEST(Models, ASwapTakesOverAndHoldersKeepTheOldOne) {
  Models models;
  models.add("m", spec_of(write_model("v1", 2)));
  const Model old = models.acquire("m");
  models.swap("m", spec_of(write_model("v2", 3)));
  EXPECT_EQ(run(old, 1), 2);
  const Model fresh = models.acquire("m");
  EXPECT_EQ(run(fresh, 1), 3);
  EXPECT_EQ(old.version(), 0);
  EXPECT_EQ(fresh.version(), 1);
}

TEST(Models, ABadNewVersionLeavesTheOldOneServing) {
  Models models;
  models.add("m", spec_of(write_model("v1", 2)));
  auto why = [&](const std::string& path, const Inputs& probe = {}) {
    const Refusal refusal = refused([&] { models.swap("m", spec_of(path), probe); });
    EXPECT_EQ(refusal.kind(), Refusal::Kind::swap_rejected);
    EXPECT_EQ(run(models.acquire("m"), 1), 2);
    return std::string(refusal.what());
  };
  EXPECT_NE(why("/nowhere/model.onnx").find("No such file"), std::string::npos);
  EXPECT_NE(why(write_model("ports", 3, 8, "other")).find("its outputs are other float32"), std::string::npos);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_NE(why(write_model("nan", nan)).find("gives NaN"), std::string::npos);
  EXPECT_NE(why(write_model("nan", nan), {{"x", floats({1}, {1})}}).find("gives NaN"), std::string::npos);
  EXPECT_EQ(status_of(models, "m").version, 0);
}

// Threads that do everything at once: every answer is that of a version that was served, nothing is left over.
TEST(ModelsConcurrent, StressOfLoadsRunsUnloadsAndSwaps) {
  const char* seconds = std::getenv("NACRE_STRESS_SECONDS");
  const auto begin = std::chrono::steady_clock::now(), end = begin + std::chrono::seconds(seconds ? std::atoi(seconds) : 2);
  const std::vector<std::string> names = {"a", "b", "c", "d"};
  [[maybe_unused]] const int64_t before = resident_memory();
  // Room for all four, each of 1.3 MiB with what its runs keep, and for one new version: with less no swap finds any while the threads are
  // slow.
  Models models({.memory_budget = 7 * kMebibyte, .timeout = 20s});
  for (const std::string& name : names) {
    for (int v = 1; v <= 3; ++v) write_model(cat("stress-", name, v), float(v), kMebibyte / 4);
    ModelSpec spec = spec_of(testing::TempDir() + "stress-" + name + "1.onnx");
    spec.slots = 2, spec.queue = 4, spec.keep_alive = 5ms;
    models.add(name, spec);
  }
  std::atomic<int64_t> runs{0}, refusals{0}, swaps{0}, wrong{0}, unknown{0};
  // On a machine busy with other work the time may pass before each thing happened once.
  auto is_over = [&] {
    const auto now = std::chrono::steady_clock::now();
    return now >= begin + 120s || (now >= end && runs > 0 && swaps > 0 && refusals > 0);
  };
  auto work = [&](unsigned seed) {
    std::mt19937 dice(seed);
    while (!is_over()) {
      const std::string& name = names[dice() % names.size()];
      try {
        // An unload ends the swap that is under way: often enough to meet one, seldom enough for slow ones to succeed.
        const unsigned what = dice() % 512;
        if (what == 0) {
          models.unload(name);
        } else if (what <= 32) {
          ModelSpec spec = spec_of(testing::TempDir() + cat("stress-", name, dice() % 4, ".onnx"));  // 0 is not there
          spec.slots = 2, spec.queue = 4, spec.keep_alive = 5ms;
          models.swap(name, spec);
          ++swaps;
        } else {
          const Model model = models.acquire(name);
          const float x = float(dice() % 100 + 1), y = run(model, x);
          wrong += y != x && y != 2 * x && y != 3 * x;
          ++runs;
        }
      } catch (const Refusal&) { ++refusals; } catch (const std::exception& error) {
        ++unknown;
        ADD_FAILURE() << error.what();
      }
    }
  };
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < 32; ++i) threads.emplace_back(work, i);
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(unknown, 0);
  EXPECT_GT(runs, 0);
  EXPECT_GT(swaps, 0);
  EXPECT_GT(refusals, 0);
  for (const std::string& name : names) {
    EXPECT_EQ(status_of(models, name).users, 0);
    EXPECT_EQ(status_of(models, name).running, 0);
    EXPECT_EQ(status_of(models, name).waiting, 0);
    models.remove(name);
  }
  EXPECT_EQ(models.bytes(), 0) << "memory is back where it was";
#if !defined(__SANITIZE_ADDRESS__) && !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
  EXPECT_LT(resident_memory() - before, 32 * kMebibyte) << "thousands of sessions came and went";
#endif
}

}  // namespace
}  // namespace nacre
