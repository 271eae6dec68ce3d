// What kernels for any dtype share: operands of broadcast runs, dealt to the threads of a run.
//
//     for_runs(call.context, walk, 4, [&](std::span<const int64_t> at, int64_t to, int64_t count) {
//       const Operand a(x + at[0] * 4, walk.run_strides[0], 4, count);   // a.from(i): dense, also where the operand is repeated
//     });
#pragma once

#include <cstring>
#include <optional>

#include "backends/native/kernels/typed.h"
#include "backends/native/parallel.h"
#include "ops/elementwise.h"

namespace nacre::native {

std::optional<Element> element_of(DType dtype);

/// One operand of a run of `count` elements. A repeated element is written out as a short run, so that kernels need no loop for it.
class Operand {
 public:
  Operand(const void* first, int64_t stride, int64_t element_bytes, int64_t count);
  /// So many elements may be read from any place.
  int64_t most(int64_t count, int64_t element_bytes) const { return bytes_ ? count : std::min(count, kRepeated / element_bytes); }
  const char* from(int64_t i) const { return bytes_ ? at_ + i * bytes_ : same_; }

 private:
  static constexpr int64_t kRepeated = 2048;  // bytes
  const char* at_;
  int64_t bytes_;  // from one element to the next
  alignas(64) char same_[kRepeated];
};

/// run(offsets, first, count) over all runs of the walk, or parts of them, by the threads of the run.
template <class Run>
void for_runs(RunContext& context, const BroadcastWalk& walk, int64_t element_bytes, Run run) {
  const size_t operands = walk.run_strides.size();
  const auto part = [&](int64_t which, int64_t begin, int64_t end) {
    int64_t at[3];
    walk.offsets(which, std::span(at, operands));
    for (size_t k = 0; k < operands; ++k) at[k] += begin * walk.run_strides[k];
    run(std::span<const int64_t>(at, operands), which * walk.run_length + begin, end - begin);
  };
  if (walk.runs == 1) {
    parallel(context, walk.run_length, grain_for(element_bytes), [&](int64_t begin, int64_t end) { part(0, begin, end); });
  } else {
    parallel(context, walk.runs, grain_for(walk.run_length * element_bytes), [&](int64_t begin, int64_t end) {
      for (int64_t which = begin; which < end; ++which) part(which, 0, walk.run_length);
    });
  }
}

}  // namespace nacre::native
