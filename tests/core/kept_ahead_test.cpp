#include "core/kept_ahead.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "core/disk_cache.h"
#include "core/os/file.h"

namespace nacre {
namespace {

namespace fs = std::filesystem;

std::vector<std::byte> ramp(size_t size, int seed) {
  std::vector<std::byte> out(size);
  for (size_t i = 0; i < size; ++i) out[i] = std::byte((i * 131 + i / 251 + size_t(seed)) & 255);
  return out;
}

class Ahead : public testing::Test {
 protected:
  void SetUp() override {
    root_ =
        fs::path(testing::TempDir()) / cat("kept-ahead-", ::getpid(), "-", testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(root_);
    fs::create_directories(root_);
    const std::string model = (root_ / "model.onnx").string();
    ASSERT_TRUE(write_file(model, ramp(300'000, 0)));
    model_ = map_file(model).value();
    cache_ = DiskCache::open_at(folder(), int64_t{1} << 30).value();
    const auto ahead = start();  // knows nothing yet, and writes down what is used
    cache_->keep("k", weights(), made_);
  }
  void TearDown() override { fs::remove_all(root_); }

  std::string folder() const { return (root_ / "packed").string(); }
  DiskCache::Bytes weights() const { return model_.bytes().subspan(1000, 200'000); }
  std::unique_ptr<KeptAhead> start() const { return KeptAhead::start(folder(), weights()); }
  std::unique_ptr<KeptAhead> start_and_wait() const {
    auto out = start();
    while (is_checking_ahead()) std::this_thread::yield();
    return out;
  }
  std::string file(std::string_view suffix) const {
    for (const auto& entry : fs::directory_iterator(folder()))
      if (entry.path().string().ends_with(suffix)) return entry.path().string();
    return "";
  }
  bool finds() const {
    const auto kept = cache_->find("k", weights());
    return kept && std::ranges::equal(kept->bytes, made_);
  }

  fs::path root_;
  MappedFile model_;
  std::shared_ptr<DiskCache> cache_;
  const std::vector<std::byte> made_ = ramp(600'001, 7);
};

TEST_F(Ahead, WhatTheModelUsedLastTimeIsCheckedBeforeItIsAskedFor) {
  const auto ahead = start_and_wait();
  EXPECT_TRUE(take_checked(file(".kept")));
  EXPECT_FALSE(take_checked(file(".kept"))) << "it belongs to the first who asks";
  EXPECT_TRUE(finds()) << "the second one checks it itself";
}

TEST_F(Ahead, FindTakesTheCheckedFile) {
  const auto ahead = start_and_wait();
  EXPECT_TRUE(finds());
  EXPECT_FALSE(take_checked(file(".kept")));
}

TEST_F(Ahead, AFileThatWasDamagedIsNotTrustedForHavingBeenReadAhead) {
  std::fstream(file(".kept"), std::ios::in | std::ios::out | std::ios::binary).seekp(300'000).put('!');
  const auto ahead = start_and_wait();
  EXPECT_FALSE(finds());
}

TEST_F(Ahead, NamesThatTheCacheCouldNotHaveGivenArePassedOver) {
  const std::string name = fs::path(file(".kept")).stem().string();
  std::ofstream(file(".uses")) << "../../model.onnx\n\n" << std::string(32, 'Z') << '\n' << std::string(70, 'a') << '\n' << name << "\nend";
  const auto ahead = start_and_wait();
  EXPECT_TRUE(take_checked(file(".kept")));
  EXPECT_FALSE(take_checked((root_ / "model.onnx").string()));
}

TEST_F(Ahead, EndsInTheMiddleOfItsWork) {
  for (int i = 0; i < 50; ++i) start();
  EXPECT_TRUE(finds());
}

TEST_F(Ahead, WhoStartsForAModelAtWorkJoinsIt) {
  auto first = start_and_wait();
  const auto second = start();
  first.reset();
  EXPECT_TRUE(take_checked(file(".kept"))) << "it ends with the last of them";
}

TEST_F(Ahead, AFileThatIsGoneIsNone) {
  const std::string path = file(".kept");
  fs::remove(path);
  const auto ahead = start_and_wait();
  EXPECT_FALSE(take_checked(path));
  EXPECT_FALSE(finds());
}

TEST_F(Ahead, WeightsOfNoFileHaveNothingKeptOfThem) { EXPECT_EQ(KeptAhead::start(folder(), made_), nullptr); }

}  // namespace
}  // namespace nacre
