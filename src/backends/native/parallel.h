// Splits a kernel's work over the threads its run may use.
#pragma once

#include "core/thread_team.h"
#include "runtime/backend.h"

namespace nacre::native {

/// f(begin, end) over [0, items) in pieces of at least `grain`; inline when one thread is allowed or there is one piece.
template <class F>
void parallel(RunContext& context, int64_t items, int64_t grain, F f) {
  if (context.threads <= 1 || items <= grain) {
    if (items > 0) f(int64_t{0}, items);
    return;
  }
  parallel_for(items, grain, [&](int64_t begin, int64_t end, int) { f(begin, end); }, context.threads);
}

/// A grain so that a piece touches about `bytes_per_item` * grain = 32 KiB at least: less is not worth waking a thread.
inline int64_t grain_for(int64_t bytes_per_item) {
  return std::max<int64_t>(1, (int64_t{32} << 10) / std::max<int64_t>(1, bytes_per_item));
}

}  // namespace nacre::native
