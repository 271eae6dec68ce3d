// What the multiply-add units can do when nothing else is in the way.
#include "backends/native/kernels/isa/local.h"

namespace nacre::NACRE_ISA {

double fma_burst(int64_t steps, float* sink) {
  constexpr int kSums = kLanes == 16 ? 24 : 12;
  Vf sum[kSums];  // all different, or a compiler computes one of them
  for (int i = 0; i < kSums; ++i) sum[i] = splat(*sink + static_cast<float>(i));
  Vf a = splat(*sink), b = splat(1e-9f);
  for (int64_t step = 0; step < steps; ++step) {
#pragma GCC unroll 24
    for (int i = 0; i < kSums; ++i) sum[i] = sum[i] * a + b;
  }
  Vf total{};
  for (int i = 0; i < kSums; ++i) total += sum[i] * splat(static_cast<float>(i + 1));
  *sink = sum_of_lanes(total);
  return 2.0 * kSums * kLanes * static_cast<double>(steps);
}

}  // namespace nacre::NACRE_ISA
