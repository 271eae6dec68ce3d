#include "core/lasting.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "core/os/memory.h"

namespace nacre {
namespace {

TEST(Lasting, IsZeroAlignedAndWritable) {
  auto tensor = allocate_lasting(DType::float32, {3, 1000});
  ASSERT_TRUE(tensor);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor->raw()) % 64, 0u);
  for (float& x : tensor->mutable_data<float>()) {
    ASSERT_EQ(x, 0);
    x = 1;
  }
}

TEST(Lasting, GivesItsPagesBack) {
  const int64_t before = resident_memory();
  {
    auto tensor = allocate_lasting(DType::uint8, {64 << 20});
    ASSERT_TRUE(tensor);
    for (uint8_t& x : tensor->mutable_data<uint8_t>()) x = 1;
    EXPECT_GT(resident_memory(), before + (60 << 20));
  }
  EXPECT_LT(resident_memory(), before + (16 << 20));
}

TEST(Lasting, RefusesWhatIsTooLargeOrEmpty) {
  EXPECT_FALSE(allocate_lasting(DType::float32, {INT64_MAX}));
  EXPECT_FALSE(allocate_lasting(DType::float32, {int64_t{1} << 58}));
  EXPECT_EQ(allocate_lasting(DType::float32, {0, 4})->size(), 0);
  EXPECT_EQ(allocate_lasting(DType::string, {2})->data<std::string>()[1], "");
}

}  // namespace
}  // namespace nacre
