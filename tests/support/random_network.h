// What tests of random networks share: a generator of small numbers, and one run of a graph.
//
//     Dice dice(seed);
//     const int64_t channels = dice.pick({1, 3, 16});
//     const std::vector<Value> got = run_graph(graph, "native", true, inputs, 2);
//
#pragma once

#include <gtest/gtest.h>

#include "runtime/session_state.h"

namespace nacre {

class Dice {
 public:
  explicit Dice(uint64_t seed) : state_(seed * kFactor + kAddend) {}
  /// 0 to n - 1.
  int64_t below(int64_t n) {
    state_ = state_ * kFactor + kAddend;
    return int64_t(state_ >> 33) % n;
  }
  int64_t pick(std::initializer_list<int64_t> from) { return from.begin()[below(int64_t(from.size()))]; }

 private:
  static constexpr uint64_t kFactor = 6364136223846793005u, kAddend = 1442695040888963407u;  // Knuth's MMIX
  uint64_t state_;
};

/// The outputs of one run; none, and a failed test, where it fails.
inline std::vector<Value> run_graph(const Graph& graph, const char* backend, bool optimised, const Inputs& inputs, int threads) {
  auto session = make_session(graph, {.backends = {backend}, .threads = threads, .optimise = optimised});
  EXPECT_TRUE(session) << session.error().what();
  if (!session) return {};
  auto out = run_session(**session, inputs, {});
  EXPECT_TRUE(out) << out.error().what();
  return out ? std::move(*out) : std::vector<Value>{};
}

}  // namespace nacre
