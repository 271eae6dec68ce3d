#include "core/os/stamp.h"

#include <sys/stat.h>

#include <climits>
#include <cstdlib>

#include "core/os/descriptor.h"

namespace nacre {

Result<FileStamp> stamp_of(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return fail_errno(errno, "cannot read the status of", path);
#if defined(__APPLE__)
  const timespec time = status.st_mtimespec;
#else
  const timespec time = status.st_mtim;
#endif
  return FileStamp{status.st_size, int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec};
}

Result<std::string> real_path(const std::string& path) {
  char* resolved = ::realpath(path.c_str(), nullptr);
  if (!resolved) return fail_errno(errno, "cannot find", path);
  std::string out = resolved;
  std::free(resolved);
  return out;
}

std::string program_folder() {
#if defined(__linux__)
  char buffer[PATH_MAX];
  const ssize_t size = ::readlink("/proc/self/exe", buffer, sizeof buffer);
  if (size > 0 && size < static_cast<ssize_t>(sizeof buffer)) {
    const std::string path(buffer, static_cast<size_t>(size));
    return path.substr(0, path.rfind('/'));
  }
#endif
  return "";
}

}  // namespace nacre
