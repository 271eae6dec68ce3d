#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>

#include "core/os/descriptor.h"
#include "core/os/own_file.h"

namespace nacre {
namespace {

Result<void> write_all(int file, std::span<const std::byte> bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = retrying([&] { return ::write(file, bytes.data(), std::min<size_t>(bytes.size(), 1u << 30)); });
    if (written < 0) return fail_errno(errno, "cannot write", path);
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return {};
}

}  // namespace

Result<void> make_own_directory(const std::string& path) {
  if (const size_t slash = path.rfind('/'); slash != std::string::npos && slash > 0) NACRE_TRY(make_directories(path.substr(0, slash)));
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return fail_errno(errno, "cannot make directory", path);
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return fail_errno(errno, "cannot read the status of", path);
  if (!S_ISDIR(status.st_mode)) return fail(ErrorCode::io, "\"", path, "\" is no directory");
  if (status.st_uid != ::geteuid()) return fail(ErrorCode::io, "directory \"", path, "\" belongs to another user");
  if (status.st_mode & 022) return fail(ErrorCode::io, "directory \"", path, "\" may be written by others");
  return {};
}

Result<void> write_own_file(const std::string& path, std::span<const std::byte> head, std::span<const std::byte> body) {
  static std::atomic<int> counter{0};
  const std::string temporary = cat(path, ".tmp-", static_cast<int64_t>(::getpid()), '-', counter.fetch_add(1));
  Descriptor file(retrying([&] { return ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600); }));
  if (!file) return fail_errno(errno, "cannot write", path);
  auto done = write_all(file.get(), head, path);
  if (done) done = write_all(file.get(), body, path);
  if (done && ::rename(temporary.c_str(), path.c_str()) != 0) done = fail_errno(errno, "cannot write", path);
  if (!done) ::unlink(temporary.c_str());
  return done;
}

Result<TemporaryFolder> TemporaryFolder::make() {
  const char* place = std::getenv("TMPDIR");
  std::string path = cat(place && *place == '/' ? place : "/tmp", "/nacre-XXXXXX");
  if (!::mkdtemp(path.data())) return fail_errno(errno, "cannot make directory", path);
  return TemporaryFolder(std::move(path));
}

TemporaryFolder::~TemporaryFolder() {
  if (path_.empty()) return;
  if (const auto names = list_directory(path_))
    for (const std::string& name : *names) ::unlink(cat(path_, "/", name).c_str());
  ::rmdir(path_.c_str());
}

void remove_file(const std::string& path) noexcept { ::unlink(path.c_str()); }
void touch_file(const std::string& path) noexcept { ::utimensat(AT_FDCWD, path.c_str(), nullptr, AT_SYMLINK_NOFOLLOW); }

int64_t now_nanoseconds() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

Result<void> fill_random(std::span<std::byte> out) {
  if (::getentropy(out.data(), out.size()) != 0) return fail_errno(errno, "cannot read", "the system's random numbers");
  return {};
}

}  // namespace nacre
