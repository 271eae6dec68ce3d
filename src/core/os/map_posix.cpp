#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#if defined(__linux__)
#include <linux/openat2.h>
#include <sys/syscall.h>
#endif

#include <algorithm>
#include <map>
#include <mutex>

#include "core/os/beneath.h"
#include "core/os/descriptor.h"
#include "core/os/file.h"
#include "core/os/own_file.h"

namespace nacre {

namespace {

/// Reading one byte maps the cached pages around it, up to this much and aligned to it (Linux: fault_around_bytes).
constexpr uintptr_t kFaultWindow = 64 << 10;
const uintptr_t kPage = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));

/// Where files are mapped now: only there may pages be given back, as anywhere else that would lose what they hold.
class MappedRanges {
 public:
  void add(const void* begin, const MappedSource& source) {
    std::lock_guard lock(mutex_);
    ranges_[reinterpret_cast<uintptr_t>(begin)] = source;
  }
  void remove(const void* begin) {
    std::lock_guard lock(mutex_);
    ranges_.erase(reinterpret_cast<uintptr_t>(begin));
  }
  /// madvise() for the windows of `window` bytes that the part touches, within its file.
  void advise(uintptr_t begin, size_t size, uintptr_t window, int advice) {
    std::lock_guard lock(mutex_);
    auto after = ranges_.upper_bound(begin);
    if (after == ranges_.begin() || !find(begin, size)) return;
    const auto& [start, source] = *std::prev(after);
    const uintptr_t first = std::max(start, begin / window * window);
    const uintptr_t end = std::min(start + static_cast<size_t>(source.size), (begin + size + window - 1) / window * window);
    ::madvise(reinterpret_cast<void*>(first), end - first, advice);
  }
  std::optional<MappedSource> source(uintptr_t begin, size_t size) {
    std::lock_guard lock(mutex_);
    return find(begin, size);
  }

 private:
  std::optional<MappedSource> find(uintptr_t begin, size_t size) const {
    auto after = ranges_.upper_bound(begin);
    if (after == ranges_.begin()) return std::nullopt;
    auto [start, source] = *std::prev(after);
    const size_t length = static_cast<size_t>(source.size);
    if (begin - start > length || size > length - (begin - start)) return std::nullopt;
    source.offset = static_cast<int64_t>(begin - start);
    return source;
  }

  std::mutex mutex_;
  std::map<uintptr_t, MappedSource> ranges_;  // by their begin
};

int64_t nanoseconds(const timespec& time) { return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

MappedSource source_of(const struct stat& status) {
  return {static_cast<uint64_t>(status.st_dev), static_cast<uint64_t>(status.st_ino), status.st_size,
          nanoseconds(status.st_mtim),          nanoseconds(status.st_ctim),          0};
}

MappedRanges& mapped_ranges() {
  static auto* ranges = new MappedRanges;  // mappings may outlive static destructors
  return *ranges;
}

}  // namespace

struct FileMapper {
  static MappedFile make(std::string path, void* data, const MappedSource& source) {
    const size_t size = static_cast<size_t>(source.size);
    MappedFile file;
    file.path_ = std::move(path);
    file.bytes_ = {static_cast<const std::byte*>(data), size};
    if (size) mapped_ranges().add(data, source);
    file.owner_ = std::shared_ptr<const void>(data, [size](const void* mapped) {
      if (!size) return;
      mapped_ranges().remove(mapped);
      ::munmap(const_cast<void*>(mapped), size);
    });
    return file;
  }
};

namespace {

// O_NONBLOCK so that opening a pipe returns; it has no effect on regular files.
constexpr int kReadFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

Result<struct stat> status_of_regular(const Descriptor& file, const std::string& path) {
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return fail_errno(errno, "cannot read the status of", path);
  if (S_ISDIR(status.st_mode)) return fail(ErrorCode::invalid_argument, "\"", path, "\" is a directory, not a file");
  if (!S_ISREG(status.st_mode)) return fail(ErrorCode::invalid_argument, "\"", path, "\" is a pipe, socket or device, not a regular file");
  return status;
}

Result<MappedFile> map_whole(const Descriptor& file, std::string path, const struct stat& status) {
  const MappedSource source = source_of(status);
  if (source.size == 0) return FileMapper::make(std::move(path), nullptr, source);
  void* data = ::mmap(nullptr, static_cast<size_t>(source.size), PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (data == MAP_FAILED) return fail_errno(errno, "cannot map", path);
  return FileMapper::make(std::move(path), data, source);
}

std::string_view first_component(std::string_view& rest) {
  const size_t slash = rest.find('/');
  const std::string_view head = rest.substr(0, slash);
  rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
  return head;
}

Result<void> check_relative(std::string_view relative) {
  if (relative.empty()) return fail(ErrorCode::invalid_model, "external data has an empty location");
  if (relative.find('\0') != std::string_view::npos) return fail(ErrorCode::invalid_model, "external data location contains a NUL byte");
  if (relative.front() == '/') return fail(ErrorCode::invalid_model, "external data location \"", relative, "\" is absolute");
  for (std::string_view rest = relative; !rest.empty();)
    if (first_component(rest) == "..")
      return fail(ErrorCode::invalid_model, "external data location \"", relative, "\" leaves the model's directory");
  return {};
}

std::unexpected<Error> fail_beneath(int error, const std::string& path) {
  if (error == ELOOP || error == EXDEV || error == EMLINK)
    return fail(ErrorCode::invalid_model, "external data \"", path,
                "\" is reached through a symbolic link or leaves the model's directory");
  return fail_errno(error, "cannot open external data", path);
}

/// The one link that is followed: NAME -> ../../blobs/HASH, as the Hugging Face hub lays out its cache. The hub's names for
/// blobs are git's SHA-1 and SHA-256, so that a link of a stranger's archive finds nothing else there.
bool leads_to_blob(std::string_view target) {
  size_t ups = 0;
  for (; target.starts_with("../"); target.remove_prefix(3)) ++ups;
  if (ups < 2 || ups > 4 || !target.starts_with("blobs/")) return false;
  target.remove_prefix(6);
  return (target.size() == 40 || target.size() == 64) && target.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

int open_hub_blob(int root, const std::string& name) {
  char target[128];
  const ssize_t length = name.find('/') == std::string::npos ? ::readlinkat(root, name.c_str(), target, sizeof target - 1) : -1;
  if (length <= 0 || !leads_to_blob({target, static_cast<size_t>(length)})) return -1;
  target[length] = '\0';
  return retrying([&] { return ::openat(root, target, kReadFlags | O_NOFOLLOW); });
}

#if defined(__linux__) && defined(SYS_openat2)
int open_by_kernel(int root, const std::string& relative) {
  open_how how{};
  how.flags = kReadFlags;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  return static_cast<int>(retrying([&] { return ::syscall(SYS_openat2, root, relative.c_str(), &how, sizeof how); }));
}
#else
int open_by_kernel(int, const std::string&) {
  errno = ENOSYS;
  return -1;
}
#endif

}  // namespace

// One component at a time, following no link. `..` was refused before, so the walk can only go down.
int open_by_walking(int root, std::string_view relative) {
  Descriptor held;
  int at = root;
  for (std::string_view rest = relative; !rest.empty();) {
    const std::string name(first_component(rest));
    if (name.empty() || name == ".") continue;
    const int flags = rest.empty() ? kReadFlags | O_NOFOLLOW : O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_DIRECTORY;
    Descriptor next(retrying([&] { return ::openat(at, name.c_str(), flags); }));
    if (!next) {
      struct stat status{};
      // With O_DIRECTORY a link gives ENOTDIR: say what it is.
      const int error = errno;
      const bool is_link = ::fstatat(at, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(status.st_mode);
      errno = is_link ? ELOOP : error;
      return -1;
    }
    held = std::move(next);
    at = held.get();
  }
  if (!held) errno = EISDIR;
  return held.release();
}

void release_mapped(const void* data, size_t size) noexcept {
  if (size) mapped_ranges().advise(reinterpret_cast<uintptr_t>(data), size, kFaultWindow, MADV_DONTNEED);
}

void expect_reads(const void* data, size_t size, ReadOrder order) noexcept {
  const int advice = order == ReadOrder::scattered ? MADV_RANDOM : MADV_NORMAL;
  if (size) mapped_ranges().advise(reinterpret_cast<uintptr_t>(data), size, kPage, advice);
}

void fetch_mapped(const void* data, size_t size) noexcept {
  constexpr size_t kAtOnce = size_t{128} << 10;  // Linux may drop what one call asks for beyond its window of reading ahead
  for (size_t done = 0; done < size; done += kAtOnce)
    mapped_ranges().advise(reinterpret_cast<uintptr_t>(data) + done, std::min(kAtOnce, size - done), kPage, MADV_WILLNEED);
}

std::optional<MappedSource> mapped_source(const void* data, size_t size) noexcept {
  return mapped_ranges().source(reinterpret_cast<uintptr_t>(data), size);
}

// Not populated: the threads that compare it with its checksum share the faults, which cost no more.
Result<MappedFile> map_own_file(const std::string& path) {
  const Descriptor file(retrying([&] { return ::open(path.c_str(), kReadFlags | O_NOFOLLOW); }));
  if (!file) return fail_errno(errno, "cannot open", path);
  const struct stat status = NACRE_TRY(status_of_regular(file, path));
  if (status.st_uid != ::geteuid()) return fail(ErrorCode::io, "\"", path, "\" belongs to another user");
  if (status.st_mode & 022) return fail(ErrorCode::io, "\"", path, "\" may be written by others");
  return map_whole(file, path, status);
}

Result<MappedFile> map_file(const std::string& path) {
  if (path.find('\0') != std::string::npos) return fail(ErrorCode::invalid_argument, "the path contains a NUL byte");
  const Descriptor file(retrying([&] { return ::open(path.c_str(), kReadFlags); }));
  if (!file) return fail_errno(errno, "cannot open", path);
  const struct stat status = NACRE_TRY(status_of_regular(file, path));
  return map_whole(file, path, status);
}

Result<MappedFile> map_beneath(const std::string& directory, std::string_view relative) {
  NACRE_TRY(check_relative(relative));
  const std::string root_path = directory.empty() ? "." : directory;
  const Descriptor root(retrying([&] { return ::open(root_path.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECTORY); }));
  if (!root) return fail_errno(errno, "cannot open directory", root_path);
  const std::string name(relative), path = root_path + "/" + name;
  Descriptor file(open_by_kernel(root.get(), name));
  // No such call, or a sandbox forbids it.
  if (!file && (errno == ENOSYS || errno == EPERM || errno == EINVAL || errno == EAGAIN))
    file = Descriptor(open_by_walking(root.get(), name));
  if (const int error = errno; !file) {
    file = Descriptor(open_hub_blob(root.get(), name));
    if (!file) return fail_beneath(error, path);
  }
  const struct stat status = NACRE_TRY(status_of_regular(file, path));
  if (status.st_nlink > 1)
    return fail(ErrorCode::invalid_model, "external data \"", path, "\" has ", static_cast<int64_t>(status.st_nlink),
                " hard links: it may be a file from elsewhere");
  return map_whole(file, path, status);
}

}  // namespace nacre
