#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cstdio>

#include "core/os/descriptor.h"
#include "core/os/file.h"

namespace nacre {
namespace {

std::string temporary_beside(const std::string& path) {
  static std::atomic<int> counter{0};
  return cat(path, ".tmp-", static_cast<int64_t>(::getpid()), '-', counter.fetch_add(1));
}

// A rename onto a device or a pipe would replace it.
Result<mode_t> mode_for(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return mode_t{0};
  if (!S_ISREG(status.st_mode)) return fail(ErrorCode::invalid_argument, "cannot write \"", path, "\": it is not a regular file");
  return static_cast<mode_t>(status.st_mode & 0777);
}

bool has_mode(const std::string& path, mode_t kind) noexcept {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && (status.st_mode & S_IFMT) == kind;
}

}  // namespace

Result<FileWriter> FileWriter::create(const std::string& path) {
  if (path.empty() || path.find('\0') != std::string::npos) return fail(ErrorCode::invalid_argument, "\"", path, "\" cannot name a file");
  const mode_t mode = NACRE_TRY(mode_for(path));
  FileWriter writer;
  writer.path_ = path;
  writer.temporary_ = temporary_beside(path);
  const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
  writer.descriptor_ = retrying([&] { return ::open(writer.temporary_.c_str(), flags, 0666); });
  if (writer.descriptor_ < 0) return fail_errno(errno, "cannot write", path);
  if (mode) ::fchmod(writer.descriptor_, mode);
  return writer;
}

FileWriter::FileWriter(FileWriter&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::move(other.temporary_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      size_(other.size_) {}

FileWriter& FileWriter::operator=(FileWriter&& other) noexcept {
  if (this == &other) return *this;
  discard();
  path_ = std::move(other.path_);
  temporary_ = std::move(other.temporary_);
  descriptor_ = std::exchange(other.descriptor_, -1);
  size_ = other.size_;
  return *this;
}

FileWriter::~FileWriter() { discard(); }

void FileWriter::discard() noexcept {
  if (descriptor_ < 0) return;
  ::close(std::exchange(descriptor_, -1));
  ::unlink(temporary_.c_str());
}

Result<void> FileWriter::write(std::span<const std::byte> bytes) {
  if (descriptor_ < 0) return fail(ErrorCode::invalid_argument, "\"", path_, "\" was committed already");
  size_ += static_cast<int64_t>(bytes.size());
  while (!bytes.empty()) {
    const ssize_t written = retrying([&] { return ::write(descriptor_, bytes.data(), std::min<size_t>(bytes.size(), 1u << 30)); });
    if (written < 0) return fail_errno(errno, "cannot write", path_);
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return {};
}

Result<void> FileWriter::commit() {
  if (descriptor_ < 0) return fail(ErrorCode::invalid_argument, "\"", path_, "\" was committed already");
  if (::fsync(descriptor_) != 0 && errno != EINVAL) return fail_errno(errno, "cannot write", path_);
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) return fail_errno(errno, "cannot write", path_);
  ::close(std::exchange(descriptor_, -1));
  return {};
}

Result<void> write_file(const std::string& path, std::span<const std::byte> bytes) {
  FileWriter writer = NACRE_TRY(FileWriter::create(path));
  NACRE_TRY(writer.write(bytes));
  return writer.commit();
}

Result<void> write_file(const std::string& path, std::string_view text) {
  return write_file(path, std::as_bytes(std::span(text.data(), text.size())));
}

bool is_file(const std::string& path) noexcept { return has_mode(path, S_IFREG); }
bool is_directory(const std::string& path) noexcept { return has_mode(path, S_IFDIR); }

Result<std::vector<std::string>> list_directory(const std::string& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), ::closedir);
  if (!directory) return fail_errno(errno, "cannot list", path);
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  std::ranges::sort(names);
  return names;
}

Result<void> make_directories(const std::string& path) {
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (::mkdir(part.c_str(), 0777) != 0 && errno != EEXIST) return fail_errno(errno, "cannot make directory", part);
    if (end == std::string::npos) break;
  }
  return is_directory(path) ? Result<void>{} : fail(ErrorCode::io, "cannot make directory \"", path, "\": a file is in the way");
}

}  // namespace nacre
