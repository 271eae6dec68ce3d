#include "core/os/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "core/os/beneath.h"

namespace nacre {
namespace {

namespace fs = std::filesystem;

struct Files : testing::Test {
  Files() {
    std::string pattern = (fs::temp_directory_path() / "nacre-file-test-XXXXXX").string();
    root = ::mkdtemp(pattern.data());
    fs::create_directories(root / "model/sub");
    put("model/data.bin", "inside");
    put("model/sub/deep.bin", "deep");
    put("outside.bin", "secret");
  }
  ~Files() override { fs::remove_all(root); }

  void put(const std::string& name, std::string_view text) const { ASSERT_TRUE(write_file(path(name), text)); }
  std::string path(const std::string& name) const { return (root / name).string(); }
  std::string model() const { return path("model"); }
  // What both ways of opening beneath the model's directory say: the text, or the error's code.
  std::string beneath(std::string_view relative) const {
    const Result<MappedFile> file = map_beneath(model(), relative);
    return file ? std::string(file->text()) : std::string(to_string(file.error().code()));
  }
  bool walks(std::string_view relative) const {
    const int directory = ::open(model().c_str(), O_RDONLY | O_DIRECTORY);
    const int file = open_by_walking(directory, relative);
    ::close(directory);
    if (file >= 0) ::close(file);
    return file >= 0;
  }

  fs::path root;
};

TEST_F(Files, MappingShowsTheBytesAndOutlivesItsHandle) {
  std::shared_ptr<const void> owner;
  const std::byte* data = nullptr;
  {
    const Result<MappedFile> file = map_file(path("model/data.bin"));
    ASSERT_TRUE(file);
    EXPECT_EQ(file->text(), "inside");
    EXPECT_EQ(file->path(), path("model/data.bin"));
    owner = file->owner();
    data = file->bytes().data();
  }
  EXPECT_EQ(std::memcmp(data, "inside", 6), 0);
}

TEST_F(Files, ReleasedPagesComeBackAndOtherMemoryKeepsItsBytes) {
  const Result<MappedFile> file = map_file(path("model/data.bin"));
  ASSERT_TRUE(file);
  release_mapped(file->bytes().data(), file->bytes().size());
  release_mapped(file->bytes().data() + 2, size_t{1} << 40);  // reaches beyond the file
  EXPECT_EQ(file->text(), "inside");
  std::vector<char> heap(size_t{1} << 20, 'x');
  release_mapped(heap.data(), heap.size());
  EXPECT_EQ(std::count(heap.begin(), heap.end(), 'x'), 1 << 20);
}

// Pages of a mapped file that the system has in memory.
ptrdiff_t cached_pages(const MappedFile& file) {
  const size_t page = size_t(::sysconf(_SC_PAGESIZE)), count = (file.bytes().size() + page - 1) / page;
  std::vector<unsigned char> there(count);
  if (::mincore(const_cast<std::byte*>(file.bytes().data()), file.bytes().size(), there.data()) != 0) return -1;
  return std::ranges::count_if(there, [](unsigned char flags) { return flags & 1; });
}

TEST_F(Files, ScatteredReadsFetchNoMoreThanTheyTouch) {
  put("table", std::string(size_t{8} << 20, 'x'));
  const Result<MappedFile> file = map_file(path("table"));
  ASSERT_TRUE(file);
  const int descriptor = ::open(path("table").c_str(), O_RDONLY);
  ::fsync(descriptor);
  ::posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED);
  ::close(descriptor);
  if (cached_pages(*file) != 0) GTEST_SKIP() << "this file system keeps its files in memory";
  expect_reads(file->bytes().data(), file->bytes().size(), ReadOrder::scattered);
  EXPECT_EQ(file->text()[size_t{4} << 20], 'x');
  EXPECT_LE(cached_pages(*file), 4);
  expect_reads(file->bytes().data(), file->bytes().size(), ReadOrder::forward);
  fetch_mapped(file->bytes().data(), file->bytes().size());
  EXPECT_EQ(file->text().back(), 'x');
  EXPECT_GT(cached_pages(*file), 4);
  std::vector<char> heap(size_t{1} << 20, 'x');
  expect_reads(heap.data(), heap.size(), ReadOrder::scattered);
  fetch_mapped(heap.data(), heap.size());
}

TEST_F(Files, EmptyFileMapsToNoBytes) {
  put("empty", "");
  const Result<MappedFile> file = map_file(path("empty"));
  ASSERT_TRUE(file) << file.error().what();
  EXPECT_TRUE(file->bytes().empty());
}

TEST_F(Files, ModelMayBeASymlinkAsInAHuggingFaceCache) {
  fs::create_directories(root / "blobs");
  fs::create_directories(root / "snapshots/main");
  put("blobs/abc", "model");
  fs::create_symlink("../../blobs/abc", root / "snapshots/main/model.onnx");
  const Result<MappedFile> file = map_file(path("snapshots/main/model.onnx"));
  ASSERT_TRUE(file) << file.error().what();
  EXPECT_EQ(file->text(), "model");
}

TEST_F(Files, OnlyRegularFilesOpenAndPipesDoNotBlock) {
  ASSERT_EQ(::mkfifo(path("model/pipe").c_str(), 0600), 0);
  for (const std::string& name : {path("model"), path("model/pipe"), std::string("/dev/zero")}) {
    const Result<MappedFile> file = map_file(name);
    ASSERT_FALSE(file) << name;
    EXPECT_EQ(file.error().code(), ErrorCode::invalid_argument) << file.error().what();
  }
  EXPECT_EQ(beneath("pipe"), "invalid_argument");
  EXPECT_EQ(beneath("sub"), "invalid_argument");
}

TEST_F(Files, MissingFileIsNotFoundAndNamed) {
  const Result<MappedFile> file = map_file(path("no-such"));
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code(), ErrorCode::not_found);
  EXPECT_NE(file.error().message().find(path("no-such")), std::string::npos);
  EXPECT_EQ(beneath("no-such"), "not_found");
  EXPECT_EQ(map_file(std::string("a\0b", 3)).error().code(), ErrorCode::invalid_argument);
}

TEST_F(Files, ExternalDataBelowTheModelOpens) {
  EXPECT_EQ(beneath("data.bin"), "inside");
  EXPECT_EQ(beneath("sub/deep.bin"), "deep");
  EXPECT_EQ(beneath("./sub//deep.bin"), "deep");
  EXPECT_TRUE(walks("sub/deep.bin"));
  EXPECT_TRUE(walks("./sub//deep.bin"));
}

TEST_F(Files, ExternalDataNamesThatLeaveTheModelAreRefused) {
  const std::string absolute = path("model/data.bin");
  for (const std::string_view name :
       {std::string_view("../outside.bin"), std::string_view("sub/../data.bin"), std::string_view("sub/../../outside.bin"),
        std::string_view(absolute), std::string_view(""), std::string_view("data.bin\0x", 10)})
    EXPECT_EQ(beneath(name), "invalid_model") << name;
}

TEST_F(Files, SymlinkedFileOrParentIsRefused) {
  fs::create_symlink("data.bin", root / "model/link.bin");
  fs::create_symlink("../outside.bin", root / "model/out.bin");
  fs::create_directory_symlink("sub", root / "model/linked");
  fs::create_directory_symlink(root, root / "model/up");
  for (const char* name : {"link.bin", "out.bin", "linked/deep.bin", "up/outside.bin"}) {
    EXPECT_EQ(beneath(name), "invalid_model") << name;
    EXPECT_FALSE(walks(name)) << name;
    EXPECT_EQ(errno, ELOOP) << name;
  }
}

TEST_F(Files, HardLinkedExternalDataIsRefused) {
  fs::create_hard_link(root / "outside.bin", root / "model/hard.bin");
  EXPECT_EQ(beneath("hard.bin"), "invalid_model");
  EXPECT_TRUE(map_file(path("model/hard.bin"))) << "a model the user names may have links";
}

TEST_F(Files, WritingReplacesTheWholeFileAndKeepsItsMode) {
  ::chmod(path("outside.bin").c_str(), 0600);
  const Result<MappedFile> before = map_file(path("outside.bin"));
  ASSERT_TRUE(write_file(path("outside.bin"), "longer than before"));
  EXPECT_EQ(before->text(), "secret") << "an open mapping keeps the old content";
  EXPECT_EQ(map_file(path("outside.bin"))->text(), "longer than before");
  struct stat status{};
  ::stat(path("outside.bin").c_str(), &status);
  EXPECT_EQ(status.st_mode & 0777u, 0600u);
}

TEST_F(Files, UncommittedOrFailedWriteLeavesNothingBehind) {
  {
    Result<FileWriter> writer = FileWriter::create(path("model/new.bin"));
    ASSERT_TRUE(writer);
    ASSERT_TRUE(writer->write(std::as_bytes(std::span("abc"))));
    FileWriter moved = std::move(*writer);
    EXPECT_EQ(moved.size(), 4);
  }
  EXPECT_EQ(*list_directory(model()), (std::vector<std::string>{"data.bin", "sub"}));
  EXPECT_EQ(write_file(path("no-such/x"), "y").error().code(), ErrorCode::not_found);
  EXPECT_EQ(write_file("/dev/null", "y").error().code(), ErrorCode::invalid_argument);
  EXPECT_EQ(write_file(model(), "y").error().code(), ErrorCode::invalid_argument);
}

TEST_F(Files, DirectoriesAreMadeOnTheWay) {
  ASSERT_TRUE(make_directories(path("a/b/c")));
  ASSERT_TRUE(make_directories(path("a/b/c"))) << "again is fine";
  EXPECT_TRUE(is_directory(path("a/b/c")));
  EXPECT_FALSE(is_file(path("a/b/c")));
  EXPECT_FALSE(make_directories(path("outside.bin")));
  EXPECT_FALSE(list_directory(path("nowhere")));
}

}  // namespace
}  // namespace nacre
