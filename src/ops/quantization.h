// How scales are spread over the elements: one for all, one for each index of an axis, or one for each block of an axis.
#pragma once

#include "ops/op.h"

namespace nacre {

struct Granularity {
  int64_t outer = 1, length = 1, inner = 1;  // the elements as [outer, length, inner], `length` along the axis
  int64_t block = 0;                         // elements of the axis that share a scale; 0: every index has its own
  int64_t blocks = 0;

  /// From inputs 0 (data), 1 (scale) and 2 (zero point, may be absent) and the attributes `axis` and `block_size`.
  static Result<Granularity> of(const Evaluation& e);

  /// Calls f(first element, count, first scale, step from scale to scale), at most `most` elements at a time.
  template <class F>
  void for_each_run(int64_t most, F f) const {
    for (int64_t row = 0; row < outer; ++row)
      for (int64_t index = 0; index < length; ++index)
        for (int64_t begin = 0; begin < inner; begin += most) {
          const int64_t first = (row * length + index) * inner + begin, count = inner - begin < most ? inner - begin : most;
          if (block)
            f(first, count, (row * blocks + index / block) * inner + begin, int64_t{1});
          else
            f(first, count, index, int64_t{0});
        }
  }
};

}  // namespace nacre
