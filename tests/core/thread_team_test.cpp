#include "core/thread_team.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <ctime>
#include <mutex>
#include <numeric>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "core/float_mode.h"

namespace nacre {
namespace {

TEST(ThreadTeam, EveryItemIsVisitedOnceForAnySizeAndGrain) {
  ThreadTeam team(4);
  for (const int64_t items : {0, 1, 2, 7, 64, 1000, 4097}) {
    for (const int64_t grain : {int64_t{0}, int64_t{1}, int64_t{3}, int64_t{64}, int64_t{5000}, INT64_MAX}) {
      std::vector<int> visits(static_cast<size_t>(items));
      team.parallel_for(items, grain, [&](int64_t begin, int64_t end, int) {
        for (int64_t i = begin; i < end; ++i) ++visits[static_cast<size_t>(i)];
      });
      for (const int count : visits) ASSERT_EQ(count, 1) << items << " by " << grain;
    }
  }
}

TEST(ThreadTeam, ChunksAreTheSameInEveryCallAndMultiplesOfTheGrain) {
  ThreadTeam team(3);
  const auto chunks = [&] {
    std::mutex mutex;
    std::set<std::pair<int64_t, int64_t>> out;
    team.parallel_for(1000, 16, [&](int64_t begin, int64_t end, int) {
      const std::lock_guard lock(mutex);
      out.emplace(begin, end);
    });
    return out;
  };
  const auto first = chunks();
  EXPECT_GT(first.size(), 3u);
  for (const auto& [begin, end] : first) EXPECT_TRUE(begin % 16 == 0 && (end % 16 == 0 || end == 1000));
  for (int i = 0; i < 100; ++i) ASSERT_EQ(chunks(), first);
}

TEST(ThreadTeam, ThreadNumbersAreUniqueAndBelowTheLimit) {
  ThreadTeam team(4);
  for (const int limit : {1, 2, 3, 4}) {
    std::atomic<int> inside[4] = {};
    std::atomic<bool> shared{false}, beyond{false};
    for (int round = 0; round < 50; ++round) {
      team.parallel_for(
          64, 1,
          [&](int64_t, int64_t, int thread) {
            if (thread < 0 || thread >= limit) beyond = true;
            if (inside[thread & 3].fetch_add(1) != 0) shared = true;
            std::this_thread::yield();
            inside[thread & 3].fetch_sub(1);
          },
          limit);
    }
    EXPECT_FALSE(shared);
    EXPECT_FALSE(beyond);
  }
}

// Each of two threads waits for the other inside one parallel_for: it ends only when both are at work.
TEST(ThreadTeam, HelpersReallyHelp) {
  ThreadTeam team(2);
  std::atomic<int> arrived{0};
  std::set<std::thread::id> ids;
  std::mutex mutex;
  team.parallel_for(2, 1, [&](int64_t, int64_t, int) {
    arrived.fetch_add(1);
    while (arrived.load() < 2) std::this_thread::yield();
    const std::lock_guard lock(mutex);
    ids.insert(std::this_thread::get_id());
  });
  EXPECT_EQ(ids.size(), 2u);
}

TEST(ThreadTeam, ThreadLimitInScopeHoldsAndNests) {
  ThreadTeam team(4);
  EXPECT_EQ(team.threads_for(), 4);
  {
    const ThreadLimit two(2);
    EXPECT_EQ(team.threads_for(), 2);
    EXPECT_EQ(team.threads_for(1), 1);
    const ThreadLimit three(3);
    EXPECT_EQ(team.threads_for(), 2) << "an inner limit cannot widen an outer one";
  }
  EXPECT_EQ(team.threads_for(9), 4);
}

TEST(ThreadTeam, NestedCallRunsInlineInOneChunk) {
  ThreadTeam team(3);
  std::atomic<int> inner_calls{0}, wrong_thread{0};
  team.parallel_for(24, 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; ++i) {
      const auto outer = std::this_thread::get_id();
      team.parallel_for(1000, 1, [&](int64_t first, int64_t last, int thread) {
        inner_calls.fetch_add(1);
        if (first != 0 || last != 1000 || thread != 0 || std::this_thread::get_id() != outer) wrong_thread.fetch_add(1);
      });
    }
  });
  EXPECT_EQ(inner_calls, 24);
  EXPECT_EQ(wrong_thread, 0);
}

TEST(ThreadTeam, ManyCallersAtOnceEachGetTheirOwnWork) {
  ThreadTeam team(3);
  std::atomic<int> wrong{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 40; ++caller) {  // more than there are slots
    callers.emplace_back([&, caller] {
      for (int round = 0; round < 100; ++round) {
        std::vector<int64_t> out(257);
        team.parallel_for(257, 8, [&](int64_t begin, int64_t end, int) {
          for (int64_t i = begin; i < end; ++i) out[static_cast<size_t>(i)] = i * caller;
        });
        if (std::accumulate(out.begin(), out.end(), int64_t{0}) != caller * int64_t{257 * 128}) wrong.fetch_add(1);
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(wrong, 0);
}

TEST(ThreadTeam, WakesAfterSleeping) {
  ThreadTeam team(2);
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> arrived{0};
    team.parallel_for(2, 1, [&](int64_t, int64_t, int) {
      arrived.fetch_add(1);
      while (arrived.load() < 2) std::this_thread::yield();
    });
    std::this_thread::sleep_for(std::chrono::microseconds(round * 20));  // before, around and after the spin ends
  }
}

TEST(ThreadTeam, IdleTeamUsesNoProcessorTime) {
  ThreadTeam team(4);
  team.parallel_for(100, 1, [](int64_t, int64_t, int) {});
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const std::clock_t before = std::clock();  // processor time of the whole process
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_LT(static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC, 0.02);
}

TEST(ThreadTeam, ExceptionStopsTheRestAndReachesTheCaller) {
  ThreadTeam team(3);
  for (int round = 0; round < 50; ++round) {
    std::atomic<int> calls{0};
    EXPECT_THROW(team.parallel_for(1000000, 1,
                                   [&](int64_t, int64_t, int) {
                                     calls.fetch_add(1);
                                     throw std::runtime_error("stop");
                                   }),
                 std::runtime_error);
    EXPECT_LE(calls, 3);
  }
  int64_t sum = 0;
  team.parallel_for(10, 100, [&](int64_t begin, int64_t end, int) { sum += end - begin; });
  EXPECT_EQ(sum, 10);
}

TEST(ThreadTeam, FlushToZeroReachesHelpersAndIsRestoredEverywhere) {
  ThreadTeam team(2);
  const volatile float tiny = 1e-40f;
  const auto denormals_survive = [&] {
    std::atomic<int> arrived{0}, alive{0};
    team.parallel_for(2, 1, [&](int64_t, int64_t, int) {
      arrived.fetch_add(1);
      while (arrived.load() < 2) std::this_thread::yield();
      const volatile float product = tiny * 1.0f;
      if (product != 0.0f) alive.fetch_add(1);
    });
    return alive.load();
  };
  EXPECT_EQ(denormals_survive(), 2);
  {
    const FlushToZero guard;
    EXPECT_EQ(denormals_survive(), 0);
  }
  EXPECT_EQ(denormals_survive(), 2);
}

TEST(ThreadTeam, ProcessTeamSaysWhyItHasItsSize) {
  const ThreadTeam& team = ThreadTeam::process();
  EXPECT_GE(team.size(), 1);
  EXPECT_EQ(team.reason().find(std::to_string(team.size()) + ": "), 0u) << team.reason();
  EXPECT_NE(team.reason().find("affinity"), std::string::npos) << team.reason();
  EXPECT_EQ(&team, &ThreadTeam::process());
}

}  // namespace
}  // namespace nacre
