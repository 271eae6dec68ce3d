// One team of threads for the whole process, shared fairly by all sessions.
//
//     parallel_for(rows, 16, [&](int64_t begin, int64_t end, int thread) {
//       for (int64_t row = begin; row < end; ++row) softmax_row(x + row * n, y + row * n, n);
//     });
//
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/function_ref.h"

namespace nacre {

/// Works on items [begin, end). `thread` is unique among the threads inside one parallel_for and below its thread limit.
using RangeBody = FunctionRef<void(int64_t begin, int64_t end, int thread)>;

class ThreadTeam {
 public:
  /// The process's team: threads start on the first parallel_for that can use them and are never joined, so that
  /// a forked child and static destructors are safe (a child works alone).
  static ThreadTeam& process();

  /// A team of its own (tests); `size` counts the caller. The destructor joins.
  explicit ThreadTeam(int size, std::string reason = {});
  ~ThreadTeam();
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;

  int size() const noexcept { return size_; }
  /// Why that many: "2: 2 CPUs by affinity, no CPU quota".
  const std::string& reason() const noexcept { return reason_; }

  /// Calls `body` on chunks of [0, items): multiples of `grain` (except the last), the same ones whenever items, grain
  /// and threads are the same. The caller works too; other callers may do so at the same time; a call from inside
  /// a body runs there and then. `threads`: at most so many (0: the whole team), never more than the ThreadLimit in
  /// scope. The caller's float mode applies to everybody. An exception stops the rest and is rethrown here.
  void parallel_for(int64_t items, int64_t grain, RangeBody body, int threads = 0);

  /// How many threads such a call would be cut for.
  int threads_for(int threads = 0) const noexcept;

 private:
  struct Shared;
  void start();
  int size_;
  std::string reason_;
  std::unique_ptr<Shared> shared_;
};

/// In this scope, parallel_for from this thread uses at most `threads` threads (0: no limit of its own).
class ThreadLimit {
 public:
  explicit ThreadLimit(int threads) noexcept;
  ~ThreadLimit();
  ThreadLimit(const ThreadLimit&) = delete;
  ThreadLimit& operator=(const ThreadLimit&) = delete;

 private:
  int saved_;
};

inline void parallel_for(int64_t items, int64_t grain, RangeBody body, int threads = 0) {
  ThreadTeam::process().parallel_for(items, grain, body, threads);
}

}  // namespace nacre
