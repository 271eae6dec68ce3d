// Splits a kernel's work over the threads its run may use.
#pragma once

#include "core/thread_team.h"
#include "runtime/backend.h"

namespace nacre::native {

/// f(begin, end, thread) over [0, items) in pieces of at least `grain`; inline when one thread is allowed or there is one
/// piece. `thread` is below workers(context): what a piece needs for itself is allocated once per worker.
template <class F>
void parallel_with_thread(RunContext& context, int64_t items, int64_t grain, F f) {
  if (context.threads > 1 && items > grain) return parallel_for(items, grain, f, context.threads);
  if (items > 0) f(int64_t{0}, items, 0);
}

/// The same for pieces that need no memory of their own.
template <class F>
void parallel(RunContext& context, int64_t items, int64_t grain, F f) {
  parallel_with_thread(context, items, grain, [&](int64_t begin, int64_t end, int) { f(begin, end); });
}

inline int64_t workers(const RunContext& context) { return std::max(1, context.threads); }

/// A grain so that a piece touches about `bytes_per_item` * grain = 32 KiB at least: less is not worth waking a thread.
inline int64_t grain_for(int64_t bytes_per_item) {
  return std::max<int64_t>(1, (int64_t{32} << 10) / std::max<int64_t>(1, bytes_per_item));
}

}  // namespace nacre::native
