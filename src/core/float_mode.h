// Denormals as zero inside a run, the caller's float settings restored afterwards.
#pragma once

#include <cstdint>

namespace nacre {

/// The thread's float control word (MXCSR; FPCR on ARM; 0 elsewhere). Threads of a team take over their caller's.
uint64_t float_mode() noexcept;
void set_float_mode(uint64_t mode) noexcept;

/// Reads and results that are denormal become zero in this scope, on this thread and on those that help it.
class FlushToZero {
 public:
  FlushToZero() noexcept;
  ~FlushToZero() { set_float_mode(saved_); }
  FlushToZero(const FlushToZero&) = delete;
  FlushToZero& operator=(const FlushToZero&) = delete;

 private:
  uint64_t saved_;
};

/// Denormals are numbers in this scope, on this thread: for what is more than arithmetic, as text is.
class KeepDenormals {
 public:
  KeepDenormals() noexcept;
  ~KeepDenormals() { set_float_mode(saved_); }
  KeepDenormals(const KeepDenormals&) = delete;
  KeepDenormals& operator=(const KeepDenormals&) = delete;

 private:
  uint64_t saved_;
};

}  // namespace nacre
