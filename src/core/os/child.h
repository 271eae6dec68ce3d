// A piece of work in a process of its own: what kills it there leaves this one alone.
//
//     const ChildResult seen = NACRE_TRY(run_in_child([&] { return first_run_of(library); }, 20'000));
//     if (!seen.finished) log_message(LogLevel::warning, seen.cause);          // "died of SIGILL"
//
#pragma once

#include <string>

#include "core/function_ref.h"
#include "core/result.h"

namespace nacre {

struct ChildResult {
  bool finished = false;  ///< `work` returned
  bool timed_out = false;
  std::string text;   ///< what it returned, at most 64 KiB of it
  std::string cause;  ///< how the process ended where it did not
};

/// Calls `work` in a fork of this process, silent (its stdout and stderr go nowhere), with the default signal handlers, and
/// ended after `milliseconds`. Only the calling thread exists there. Fails (unsupported) where a system has no fork.
Result<ChildResult> run_in_child(FunctionRef<std::string()> work, int milliseconds);

}  // namespace nacre
