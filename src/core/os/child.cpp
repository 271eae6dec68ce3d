#include "core/os/child.h"

#if defined(__unix__) || defined(__APPLE__)
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstring>

#include "core/clock.h"
#include "core/os/descriptor.h"
#if defined(__linux__)
#include <sys/prctl.h>
#endif
#endif

namespace nacre {

#if defined(__unix__) || defined(__APPLE__)
namespace {

constexpr size_t kMostText = 64 << 10;

[[noreturn]] void be_the_child(FunctionRef<std::string()> work, int out) {
  for (int number : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGTERM, SIGALRM, SIGPIPE}) ::signal(number, SIG_DFL);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
#if defined(__linux__)
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
  if (const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC); nowhere >= 0) {
    ::dup2(nowhere, STDOUT_FILENO);
    ::dup2(nowhere, STDERR_FILENO);
  }
  std::string text;
  try {
    text = work();
  } catch (...) { ::_exit(3); }
  text.resize(std::min(text.size(), kMostText));
  for (size_t done = 0; done < text.size();) {
    const ssize_t written = retrying([&] { return ::write(out, text.data() + done, text.size() - done); });
    if (written <= 0) ::_exit(4);
    done += static_cast<size_t>(written);
  }
  ::_exit(0);  // no destructors: they belong to the parent
}

// Reads until the child closes its end; false when the time is up first.
bool read_all(int from, std::string& text, int milliseconds) {
  const Stopwatch watch;
  char buffer[4096];
  for (;;) {
    const int left = milliseconds - static_cast<int>(watch.seconds() * 1e3);
    pollfd waiting{from, POLLIN, 0};
    const int ready = left > 0 ? retrying([&] { return ::poll(&waiting, 1, left); }) : 0;
    if (ready <= 0) return false;
    const ssize_t size = retrying([&] { return ::read(from, buffer, sizeof buffer); });
    if (size <= 0) return true;
    text.append(buffer, static_cast<size_t>(size));
  }
}

std::string signal_name(int number) {
#if defined(__linux__)
  if (const char* name = ::sigabbrev_np(number)) return cat("SIG", name);
#endif
  return cat("signal ", number);
}

}  // namespace

Result<ChildResult> run_in_child(FunctionRef<std::string()> work, int milliseconds) {
  int ends[2];
  if (::pipe(ends) != 0) return fail_errno(errno, "cannot make a", "pipe");
  Descriptor read_end(ends[0]), write_end(ends[1]);
  ::fcntl(ends[0], F_SETFD, FD_CLOEXEC);
  ::fcntl(ends[1], F_SETFD, FD_CLOEXEC);
  const pid_t child = ::fork();
  if (child < 0) return fail_errno(errno, "cannot fork for", "a probe");
  if (child == 0) be_the_child(work, write_end.get());
  { const Descriptor closed = std::move(write_end); }
  ChildResult out;
  out.timed_out = !read_all(read_end.get(), out.text, milliseconds);
  if (out.timed_out) ::kill(child, SIGKILL);
  int status = 0;
  retrying([&] { return ::waitpid(child, &status, 0); });
  out.finished = !out.timed_out && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (out.timed_out)
    out.cause = cat("did not end within ", milliseconds, " ms");
  else if (WIFSIGNALED(status))
    out.cause = cat("died of ", signal_name(WTERMSIG(status)));
  else if (!out.finished)
    out.cause = cat("ended with status ", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
  return out;
}
#else
Result<ChildResult> run_in_child(FunctionRef<std::string()>, int) {
  return fail(ErrorCode::unsupported, "this system has no fork: a library cannot be tried in a process of its own");
}
#endif

}  // namespace nacre
