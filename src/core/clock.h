// Time that only goes forward.
//
//     const Stopwatch watch;
//     run();
//     report.milliseconds = watch.seconds() * 1e3;
//
#pragma once

#include <chrono>
#include <cstdint>

namespace nacre {

using Instant = std::chrono::steady_clock::time_point;
inline Instant now() noexcept { return std::chrono::steady_clock::now(); }

class Stopwatch {
 public:
  double seconds() const noexcept { return std::chrono::duration<double>(now() - begin_).count(); }
  int64_t nanoseconds() const noexcept { return std::chrono::duration_cast<std::chrono::nanoseconds>(now() - begin_).count(); }
  void restart() noexcept { begin_ = now(); }

 private:
  Instant begin_ = now();
};

}  // namespace nacre
