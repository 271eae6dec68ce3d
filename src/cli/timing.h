// Repeated calls, timed one by one.
//
//     const Times times = time_runs([&] { session.run(inputs); }, 1.5, 3);
//     print(cat("median ", times.median_ms, " ms\n"));
//
#pragma once

#include <algorithm>
#include <vector>

#include "core/clock.h"

namespace nacre::cli {

struct Times {
  size_t count = 0;
  double min_ms = 0, median_ms = 0, p99_ms = 0, mean_ms = 0;
};

inline Times summarise(std::vector<double> seconds) {
  if (seconds.empty()) return {};
  std::sort(seconds.begin(), seconds.end());
  double sum = 0;
  for (double each : seconds) sum += each;
  const size_t n = seconds.size();
  return {n, seconds[0] * 1e3, seconds[n / 2] * 1e3, seconds[std::min(n - 1, n * 99 / 100)] * 1e3, sum / double(n) * 1e3};
}

/// One call to warm up, then calls until `seconds` are over and `least` were made.
template <class Call>
Times time_runs(Call call, double seconds, size_t least) {
  std::vector<double> times;
  call();
  const Stopwatch whole;
  do {
    const Stopwatch one;
    call();
    times.push_back(one.seconds());
  } while (whole.seconds() < seconds || times.size() < least);
  return summarise(std::move(times));
}

}  // namespace nacre::cli
