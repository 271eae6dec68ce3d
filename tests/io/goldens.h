// Where the stored files are, and files of a test's own.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "core/os/file.h"

namespace nacre {

inline std::string golden_path(const std::string& name) { return std::string(NACRE_SOURCE_DIR "/tests/io/goldens/") + name; }

inline MappedFile golden(const std::string& name) {
  Result<MappedFile> file = map_file(golden_path(name));
  EXPECT_TRUE(file) << name;
  return file ? *file : MappedFile();
}

/// A directory that is gone after the test.
class Scratch {
 public:
  Scratch() {
    std::string pattern = (std::filesystem::temp_directory_path() / "nacre_io_XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~Scratch() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

/// Expects a failure whose message holds the text.
template <class T>
void expect_failure(const Result<T>& result, std::string_view text) {
  ASSERT_FALSE(result) << "expected: " << text;
  EXPECT_NE(result.error().message().find(text), std::string::npos) << result.error().message() << "\nexpected: " << text;
}

}  // namespace nacre
