// Files: mapped read-only, opened by rules that a hostile model cannot bend, written in one step.
//
//     MappedFile model = NACRE_TRY(map_file("model.onnx"));
//     MappedFile weights = NACRE_TRY(map_beneath("models/bert", "weights/part0.bin"));
//     Tensor w = Tensor::view(DType::float32, shape, weights.bytes().data(), bytes, weights.owner());
//
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace nacre {

/// A regular file's bytes, mapped read-only and shared by all copies of this handle. The mapping lasts until the last
/// copy or `owner()` is gone. (Shrinking a mapped file is beyond any reader's protection: the system raises SIGBUS.)
class MappedFile {
 public:
  MappedFile() = default;
  std::span<const std::byte> bytes() const noexcept { return bytes_; }
  std::string_view text() const noexcept { return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()}; }
  const std::string& path() const noexcept { return path_; }
  /// Keeps the mapping alive, for Tensor::view.
  const std::shared_ptr<const void>& owner() const noexcept { return owner_; }

 private:
  friend struct FileMapper;
  std::string path_;
  std::span<const std::byte> bytes_;
  std::shared_ptr<const void> owner_;
};

/// Maps a regular file. Follows symbolic links (a Hugging Face cache is made of them); refuses directories, pipes and devices.
Result<MappedFile> map_file(const std::string& path);

/// Maps a file that a model's data names, relative to `directory`. Refuses (invalid_model) absolute paths, "..", symbolic
/// links anywhere below `directory` (but those of the Hugging Face cache into its blobs/), files with other hard links, and whatever is not
/// a regular file.
Result<MappedFile> map_beneath(const std::string& directory, std::string_view relative);

/// Tells the system that a part of a mapped file is not read soon: its pages leave this process and come back from the
/// file when they are read again, as do those beside them that reading brought along. Does nothing to memory that is not a mapped file's.
void release_mapped(const void* data, size_t size) noexcept;

/// Tells the system how a part of a mapped file will be read: in order, as it assumes, or here and there, where reading ahead
/// (megabytes at a time on some machines) would fetch what nobody asks for. Does nothing to other memory.
enum class ReadOrder : uint8_t { forward, scattered };
void expect_reads(const void* data, size_t size, ReadOrder order) noexcept;
/// Starts fetching a part of a mapped file that is read soon, without waiting for it.
void fetch_mapped(const void* data, size_t size) noexcept;

/// Writes a whole file: a temporary one beside it, then a rename, so that nobody ever sees a part.
Result<void> write_file(const std::string& path, std::span<const std::byte> bytes);
Result<void> write_file(const std::string& path, std::string_view text);

/// The same in pieces: nothing appears under `path` before commit(); without it the temporary file is removed.
class FileWriter {
 public:
  static Result<FileWriter> create(const std::string& path);
  FileWriter(FileWriter&& other) noexcept;
  FileWriter& operator=(FileWriter&& other) noexcept;
  ~FileWriter();

  Result<void> write(std::span<const std::byte> bytes);
  int64_t size() const noexcept { return size_; }  ///< bytes written so far
  Result<void> commit();

 private:
  FileWriter() = default;
  void discard() noexcept;
  std::string path_, temporary_;
  int descriptor_ = -1;
  int64_t size_ = 0;
};

bool is_file(const std::string& path) noexcept;
bool is_directory(const std::string& path) noexcept;
/// Names (not paths) in a directory, sorted, without "." and "..".
Result<std::vector<std::string>> list_directory(const std::string& path);
/// Makes the directory and the missing ones above it.
Result<void> make_directories(const std::string& path);

}  // namespace nacre
