// Blocks that come back: which are used again, how many wait, and what happens when the recycler or the memory ends first.
#include "core/recycler.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace nacre {
namespace {

constexpr int64_t kBig = 1 << 20;

Tensor must(Result<Tensor> tensor) {
  EXPECT_TRUE(tensor) << tensor.error().what();
  return tensor ? std::move(*tensor) : Tensor();
}

TEST(Recycler, ABlockServesAgainAndAResultOneTokenLongerToo) {
  Recycler recycler;
  Tensor first = must(recycler.allocate(DType::float32, {12, 512, 64}));
  const void* at = first.raw();
  first = Tensor();
  EXPECT_GE(recycler.idle_bytes(), 12 * 512 * 64 * 4);
  Tensor second = must(recycler.allocate(DType::float32, {12, 513, 64}));
  EXPECT_NE(second.raw(), at) << "512 is a full step";
  second = Tensor();
  const Tensor third = must(recycler.allocate(DType::float32, {12, 514, 64})), fourth = must(recycler.allocate(DType::int64, {kBig / 8}));
  EXPECT_EQ(third.shape(), (Shape{12, 514, 64}));
  EXPECT_EQ(reinterpret_cast<uintptr_t>(third.raw()) % 64, 0u);
  EXPECT_NE(third.raw(), fourth.raw());
}

TEST(Recycler, KeepsNoMoreThanWasInUseAtOnce) {
  Recycler recycler;
  for (int64_t size = kBig; size < 9 * kBig; size += kBig) must(recycler.allocate(DType::uint8, {size}));
  EXPECT_LE(recycler.idle_bytes(), 8 * kBig);
  std::vector<Tensor> many;
  for (int i = 0; i < 4; ++i) many.push_back(must(recycler.allocate(DType::uint8, {8 * kBig})));
  many.clear();
  EXPECT_EQ(recycler.idle_bytes(), 32 * kBig);
  must(recycler.allocate(DType::uint8, {kBig}));
  EXPECT_LE(recycler.idle_bytes(), 32 * kBig);
  recycler.trim();
  EXPECT_EQ(recycler.idle_bytes(), 0);
}

TEST(Recycler, SmallOnesAndStringsAreTheHeaps) {
  Recycler recycler;
  must(recycler.allocate(DType::float32, {100}));
  Tensor texts = must(recycler.allocate(DType::string, {10000}));
  EXPECT_EQ(texts.data<std::string>()[9999], "");
  texts = Tensor();
  EXPECT_EQ(recycler.idle_bytes(), 0);
}

TEST(Recycler, ChargesTheBudgetForAsLongAsTheTensorLives) {
  Recycler recycler;
  MemoryBudget budget(3 * kBig);
  {
    const Tensor one = must(recycler.allocate(DType::uint8, {2 * kBig}, &budget));
    EXPECT_EQ(budget.used(), 2 * kBig);
    EXPECT_FALSE(recycler.allocate(DType::uint8, {2 * kBig}, &budget));
  }
  EXPECT_EQ(budget.used(), 0);
  MemoryBudget small(kBig);
  EXPECT_FALSE(recycler.allocate(DType::uint8, {2 * kBig}, &small)) << "a block that waits is no way around";
  EXPECT_EQ(small.used(), 0);
  const Tensor again = must(recycler.allocate(DType::uint8, {2 * kBig}, &budget));
  EXPECT_EQ(budget.used(), 2 * kBig);
}

TEST(Recycler, TensorsOutliveIt) {
  Tensor left;
  {
    Recycler recycler;
    left = must(recycler.allocate(DType::uint8, {kBig}));
    must(recycler.allocate(DType::uint8, {kBig}));
  }
  left.mutable_data<uint8_t>()[kBig - 1] = 7;
  EXPECT_EQ(left.data<uint8_t>()[kBig - 1], 7);
}

TEST(Recycler, RefusesSizesThatOverflow) {
  Recycler recycler;
  EXPECT_FALSE(recycler.allocate(DType::float64, {INT64_MAX / 2, 3}));
  MemoryBudget budget(kBig);
  EXPECT_FALSE(recycler.allocate(DType::uint8, {INT64_MAX / 4}, &budget));
}

TEST(Recycler, SharedByThreads) {
  Recycler recycler;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      for (int round = 0; round < 200; ++round) {
        Tensor one = must(recycler.allocate(DType::uint8, {kBig / 16 + i * 5000}));
        one.mutable_data<uint8_t>()[0] = uint8_t(i);
        const Tensor other = must(recycler.allocate(DType::uint8, {kBig / 16}));
        EXPECT_EQ(one.data<uint8_t>()[0], uint8_t(i));
      }
    });
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace nacre
