// Files that only this user may change: what a process keeps for the next one.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "core/os/file.h"

namespace nacre {

/// Which bytes of which version of which file lie at an address. A changed file has another one, whatever its times are set to.
struct MappedSource {
  uint64_t device = 0, inode = 0;
  int64_t size = 0, modified = 0, changed = 0;  ///< bytes; nanoseconds since 1970
  int64_t offset = 0;
  bool operator==(const MappedSource&) const = default;
};
/// None where the memory is not of one mapped file.
std::optional<MappedSource> mapped_source(const void* data, size_t size) noexcept;

/// Makes a directory for this user alone, and the missing ones above it. Refuses (io) one that is a link, of another user, or
/// writable by others.
Result<void> make_own_directory(const std::string& path);

/// Maps a file of this user. Refuses (io) links, files of other users, and files that others may write.
Result<MappedFile> map_own_file(const std::string& path);

/// Writes `head` and `body` to a file for this user alone, in one step, without waiting for the disk.
Result<void> write_own_file(const std::string& path, std::span<const std::byte> head, std::span<const std::byte> body);

/// A folder in the system's place for temporary files that only this user may enter; gone with its files in the end.
class TemporaryFolder {
 public:
  static Result<TemporaryFolder> make();
  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  ~TemporaryFolder();
  const std::string& path() const noexcept { return path_; }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

void remove_file(const std::string& path) noexcept;
/// Marks a file as used now.
void touch_file(const std::string& path) noexcept;
/// Nanoseconds since 1970.
int64_t now_nanoseconds() noexcept;
/// Bytes nobody can guess.
Result<void> fill_random(std::span<std::byte> out);

}  // namespace nacre
