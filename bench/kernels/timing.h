// Best-of timing, and the multiply-add ceiling measured in turns with the kernel so that both see the same machine.
//
//     Measured m = measure(kernels, [&] { kernels.gemm(args); });
//     report("gemm", flops, m);
#pragma once

#include <chrono>
#include <cstdio>

#include "backends/native/kernels/kernels.h"

namespace nacre::bench {

struct Measured {
  double seconds = 1e9;
  double peak = 0;  // operations per second
};

inline double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

inline double burst(const native::Kernels& k) {
  static float sink;
  sink = 0.5f;
  double start = now();
  double operations = k.fma_burst(20000, &sink);
  return operations / (now() - start);
}

template <class F>
Measured measure(const native::Kernels& k, F&& f, double budget = 0.3) {
  Measured m;
  double end = now() + budget;
  for (int round = 0; round < 5 || now() < end; ++round) {
    double start = now();
    f();
    double elapsed = now() - start;
    if (elapsed < m.seconds) m.seconds = elapsed;
    if (round % 8 == 0)
      if (double peak = burst(k); peak > m.peak) m.peak = peak;
  }
  return m;
}

inline void report(const char* isa, const char* name, double operations, const Measured& m) {
  double rate = operations / m.seconds;
  std::printf("%-9s %-32s %8.1f GFLOP/s  %5.1f %% of %.0f  %9.1f us\n", isa, name, rate * 1e-9, 100 * rate / m.peak, m.peak * 1e-9,
              m.seconds * 1e6);
  std::fflush(stdout);
}

}  // namespace nacre::bench
