#include "core/disk_cache.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <vector>

namespace nacre {
namespace {

namespace fs = std::filesystem;
using Bytes = DiskCache::Bytes;

std::vector<std::byte> ramp(size_t size, int seed = 0) {
  std::vector<std::byte> out(size);
  for (size_t i = 0; i < size; ++i) out[i] = std::byte((i * 131 + i / 251 + size_t(seed)) & 255);
  return out;
}

class Kept : public testing::Test {
 protected:
  void SetUp() override {
    root_ =
        fs::path(testing::TempDir()) / cat("disk-cache-", ::getpid(), "-", testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(root_);
    cache_ = open();
  }
  void TearDown() override { fs::remove_all(root_); }

  std::shared_ptr<DiskCache> open(int64_t limit = int64_t{1} << 30) const {
    return DiskCache::open_at((root_ / "packed").string(), limit).value();
  }
  std::vector<fs::path> files() const {
    std::vector<fs::path> out;
    for (const auto& entry : fs::directory_iterator(root_ / "packed"))
      if (entry.path().extension() == ".kept") out.push_back(entry.path());
    return out;
  }
  bool finds(std::string_view key, Bytes source, Bytes expected) const {
    const auto kept = open()->find(key, source);
    return kept && std::ranges::equal(kept->bytes, expected);
  }
  void change(const fs::path& path, int64_t position, char value) const {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(position).put(value);
  }

  fs::path root_;
  std::shared_ptr<DiskCache> cache_;
  const std::vector<std::byte> source_ = ramp(300'000), made_ = ramp(600'001, 7);
};

TEST_F(Kept, IsFoundByTheNextProcess) {
  EXPECT_FALSE(cache_->find("k", source_));
  cache_->keep("k", source_, made_);
  EXPECT_TRUE(finds("k", source_, made_));
  EXPECT_FALSE(cache_->find("another key", source_));
}

TEST_F(Kept, OtherWeightsOfTheSameShapeAndEndsAreNotTaken) {
  cache_->keep("k", source_, made_);
  auto other = source_;
  other[150'000] ^= std::byte{1};
  EXPECT_FALSE(cache_->find("k", other));
}

TEST_F(Kept, EveryDamagedByteOfTheHeadAndAnyOfTheBodyIsNoticed) {
  cache_->keep("k", source_, made_);
  const fs::path file = files().at(0);
  const auto size = int64_t(fs::file_size(file));
  std::vector<int64_t> positions(136);
  std::iota(positions.begin(), positions.end(), 0);
  for (int64_t at : {int64_t{4096}, int64_t{4097}, int64_t{300'000}, size - 1}) positions.push_back(at);
  for (int64_t at : positions) {
    std::ifstream in(file, std::ios::binary);
    in.seekg(at);
    const char before = char(in.get());
    change(file, at, char(before ^ 4));
    EXPECT_FALSE(cache_->find("k", source_)) << at;
    change(file, at, before);
  }
  EXPECT_TRUE(finds("k", source_, made_));
}

TEST_F(Kept, TruncatedLongerAndEmptyFilesAreNotTaken) {
  cache_->keep("k", source_, made_);
  const fs::path file = files().at(0);
  const auto size = fs::file_size(file);
  for (uintmax_t wrong : {uintmax_t{0}, uintmax_t{1}, uintmax_t{135}, uintmax_t{4095}, uintmax_t{4096}, size - 1, size + 1}) {
    fs::resize_file(file, wrong);
    EXPECT_FALSE(cache_->find("k", source_)) << wrong;
    fs::remove(file);
    cache_->keep("k", source_, made_);
  }
}

TEST_F(Kept, FilesThatOthersMayWriteAndLinksAreNotTaken) {
  cache_->keep("k", source_, made_);
  const fs::path file = files().at(0);
  EXPECT_EQ(fs::status(file).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  ::chmod(file.c_str(), 0666);
  EXPECT_FALSE(cache_->find("k", source_));
  ::chmod(file.c_str(), 0600);
  EXPECT_TRUE(cache_->find("k", source_));
  fs::rename(file, root_ / "elsewhere");
  fs::create_symlink(root_ / "elsewhere", file);
  EXPECT_FALSE(cache_->find("k", source_));
}

TEST_F(Kept, FilesMadeUnderAnotherSecretAreForeign) {
  cache_->keep("k", source_, made_);
  const fs::path file = files().at(0);
  fs::copy_file(file, root_ / "stolen");
  fs::remove_all(root_ / "packed");
  auto other = open();
  other->keep("k", source_, made_);
  const fs::path own = files().at(0);
  EXPECT_NE(own.filename(), file.filename());
  fs::remove(own);
  fs::copy_file(root_ / "stolen", own);
  ::chmod(own.c_str(), 0600);
  EXPECT_FALSE(other->find("k", source_));
}

TEST_F(Kept, DirectoriesThatOthersMayWriteAreRefused) {
  ::chmod((root_ / "packed").c_str(), 0777);
  const auto refused = DiskCache::open_at((root_ / "packed").string(), 1 << 20);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find("written by others"), std::string::npos) << refused.error().message();
  EXPECT_FALSE(DiskCache::open_at("relative/path", 1 << 20));
  std::ofstream(root_ / "file") << "in the way";
  EXPECT_FALSE(DiskCache::open_at((root_ / "file").string(), 1 << 20));
}

// --- a source in a mapped file: known by its times, compared by its bytes when they changed ---

class KeptOfAFile : public Kept {
 protected:
  std::string model() const { return (root_ / "model.bin").string(); }
  void write_model(const std::vector<std::byte>& bytes) const {
    std::ofstream(model(), std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()), std::streamsize(bytes.size()));
  }
};

TEST_F(KeptOfAFile, ItsIdentityFollowsPositionAndChanges) {
  write_model(source_);
  const MappedFile first = map_file(model()).value();
  const auto at = mapped_source(first.bytes().data() + 100, 50);
  ASSERT_TRUE(at);
  EXPECT_EQ(at->offset, 100);
  EXPECT_EQ(at->size, int64_t(source_.size()));
  EXPECT_FALSE(mapped_source(first.bytes().data() + 100, source_.size()));
  EXPECT_FALSE(mapped_source(source_.data(), 10));
  ::usleep(20'000);
  ::chmod(model().c_str(), 0600);
  const MappedFile second = map_file(model()).value();
  EXPECT_NE(mapped_source(second.bytes().data() + 100, 50), at);
}

TEST_F(KeptOfAFile, AChangeThatKeepsSizeAndTimeIsNoticed) {
  write_model(source_);
  {
    const MappedFile file = map_file(model()).value();
    cache_->keep("k", file.bytes(), made_);
  }
  const auto time = fs::last_write_time(model());
  auto other = source_;
  other[150'000] ^= std::byte{1};
  write_model(other);
  fs::last_write_time(model(), time);
  const MappedFile file = map_file(model()).value();
  EXPECT_FALSE(cache_->find("k", file.bytes()));
}

TEST_F(KeptOfAFile, ACopyElsewhereIsTheSameModel) {
  write_model(source_);
  cache_->keep("k", map_file(model()).value().bytes(), made_);
  fs::rename(model(), root_ / "moved.bin");
  const MappedFile moved = map_file((root_ / "moved.bin").string()).value();
  EXPECT_TRUE(finds("k", moved.bytes(), made_));
}

// --- limits ---

TEST_F(Kept, TheOneUsedLongestAgoMakesRoom) {
  const auto limited = open(3 * 700'000);
  for (int i = 0; i < 3; ++i) {
    limited->keep(cat("k", i), source_, made_);
    ::usleep(20'000);
  }
  EXPECT_EQ(files().size(), 3u);
  limited->keep("k3", source_, made_);
  EXPECT_EQ(files().size(), 3u);
  EXPECT_FALSE(limited->find("k0", source_));
  for (const char* key : {"k1", "k2", "k3"}) EXPECT_TRUE(limited->find(key, source_)) << key;
  open(1000)->keep("too large", source_, made_);
  EXPECT_EQ(files().size(), 3u);
}

TEST_F(Kept, ClearingRemovesAllAndTheStateCounts) {
  ::setenv("NACRE_CACHE_DIR", root_.c_str(), 1);
  cache_->keep("k", source_, made_);
  DiskCacheState state = disk_cache_state(kPackedWeights);
  EXPECT_EQ(state.reason, "");
  EXPECT_EQ(state.files, 1);
  EXPECT_EQ(state.bytes, int64_t(made_.size() + kCacheHeadBytes));
  EXPECT_EQ(clear_disk_cache(kPackedWeights).value(), state.bytes);
  EXPECT_EQ(disk_cache_state(kPackedWeights).files, 0);
  ::setenv("NACRE_CACHE_DIR", "relative", 1);
  EXPECT_NE(disk_cache_state(kPackedWeights).reason, "");
  EXPECT_EQ(DiskCache::open(kPackedWeights), nullptr);
  ::unsetenv("NACRE_CACHE_DIR");
  EXPECT_EQ(DiskCache::open(kPackedWeights), nullptr);
}

TEST(KeyedHash, DependsOnEveryByteTheLengthAndTheSecret) {
  KeyedHash::Secret secret{};
  const KeyedHash hash(secret);
  secret[5] = std::byte{1};
  const KeyedHash other(secret);
  for (size_t size : {size_t{0}, size_t{1}, size_t{64}, size_t{4095}, size_t{4096}, size_t{4097}, size_t{600'000}}) {
    std::vector<std::byte> bytes = ramp(size);
    const Digest digest = hash.of(bytes);
    EXPECT_EQ(hash.of(bytes), digest);
    EXPECT_NE(other.of(bytes), digest);
    bytes.push_back(std::byte{0});
    EXPECT_NE(hash.of(bytes), digest) << "a zero more after " << size;
    for (size_t at = 0; at < size; at += 1 + size / 97) {
      bytes[at] ^= std::byte{128};
      EXPECT_NE(hash.of({bytes.data(), size}), digest) << at << " of " << size;
      bytes[at] ^= std::byte{128};
    }
  }
  EXPECT_NE(hash.of(ramp(8192)), hash.of(std::vector<std::byte>(8192)));
}

}  // namespace
}  // namespace nacre
