#include "nacre/tensor.h"

#include <gtest/gtest.h>

#include <cstring>
#include <thread>

#include "core/allocate.h"
#include "core/checked.h"

namespace nacre {
namespace {

template <class F>
ErrorCode code_thrown_by(F f) {
  try {
    f();
  } catch (const Error& error) { return error.code(); }
  ADD_FAILURE() << "nothing was thrown";
  return ErrorCode::internal;
}

TEST(Tensor, NewOnesAreZeroedAlignedAndShaped) {
  const Tensor t(DType::float32, {2, 3});
  EXPECT_EQ(reinterpret_cast<uintptr_t>(t.raw()) % 64, 0u);
  for (const float x : t.data<float>()) EXPECT_EQ(x, 0);
  EXPECT_EQ(t.size(), 6);
  EXPECT_EQ(t.byte_size(), 24u);
  EXPECT_EQ(Tensor(DType::int4, {3}).byte_size(), 2u);
  EXPECT_EQ(Tensor(DType::int2, {5}).byte_size(), 2u);
  EXPECT_EQ(Tensor(DType::complex128, {}).byte_size(), 16u);
  EXPECT_EQ(Tensor(DType::string, {2}).data<std::string>()[1], "");
  EXPECT_EQ(Tensor().size(), 0);
}

TEST(Tensor, CopiesShareUntilOneIsWritten) {
  Tensor a = Tensor::of<int32_t>({2}, {1, 2});
  EXPECT_TRUE(a.is_exclusive());
  Tensor b = a;
  EXPECT_EQ(a.raw(), b.raw());
  EXPECT_FALSE(a.is_exclusive());
  b.mutable_data<int32_t>()[0] = 9;
  EXPECT_EQ(a.data<int32_t>()[0], 1);
  EXPECT_EQ(b.data<int32_t>()[0], 9);
  EXPECT_TRUE(a.is_exclusive());
  const void* before = a.raw();
  a.mutable_data<int32_t>()[1] = 5;
  EXPECT_EQ(a.raw(), before) << "an exclusive tensor is written in place";
  Tensor words = Tensor::of<std::string>({1}, {"long enough to be on the heap, really"}), other = words;
  other.mutable_data<std::string>()[0] = "x";
  EXPECT_EQ(words.data<std::string>()[0].size(), 37u);
}

TEST(Tensor, ViewIsCopiedOnWriteAndKeepsItsOwner) {
  auto owner = std::make_shared<std::vector<float>>(std::vector<float>{1, 2, 3});
  Tensor view = Tensor::view(DType::float32, {3}, owner->data(), 12, owner);
  EXPECT_EQ(view.raw(), owner->data());
  EXPECT_EQ(owner.use_count(), 2);
  EXPECT_FALSE(view.is_exclusive());
  view.mutable_data<float>()[0] = 9;
  EXPECT_EQ((*owner)[0], 1);
  EXPECT_EQ(owner.use_count(), 1);
}

TEST(Tensor, MisalignedViewIsReadable) {
  alignas(8) char bytes[13];
  const float values[] = {1.5f, -2, 3};
  std::memcpy(bytes + 1, values, 12);
  const Tensor t = Tensor::view(DType::float32, {3}, bytes + 1, 12, nullptr);
  EXPECT_EQ(t.data<float>()[2], 3);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(t.raw()) % alignof(float), 0u);
}

TEST(Tensor, BorrowWritesToTheBorrowedMemory) {
  float memory[2] = {1, 2};
  auto owner = std::make_shared<int>(0), also = owner;  // others hold the owner: no reason to copy
  Tensor t = Tensor::borrow(DType::float32, {2}, memory, 8, owner);
  EXPECT_TRUE(t.is_exclusive());
  t.mutable_data<float>()[1] = 7;
  EXPECT_EQ(memory[1], 7);
  Tensor copy = t;
  EXPECT_FALSE(copy.is_exclusive());
  copy.mutable_data<float>()[0] = 8;
  EXPECT_EQ(memory[0], 8);
}

TEST(Tensor, WrongBytesShapesAndTypesAreRefused) {
  float memory[4] = {};
  EXPECT_EQ(code_thrown_by([&] { Tensor::view(DType::float32, {3}, memory, 16, nullptr); }), ErrorCode::invalid_argument);
  EXPECT_EQ(code_thrown_by([&] { Tensor::view(DType::string, {1}, memory, 16, nullptr); }), ErrorCode::invalid_argument);
  EXPECT_EQ(code_thrown_by([&] { Tensor::borrow(DType::float32, {1}, reinterpret_cast<char*>(memory) + 1, 4, nullptr); }),
            ErrorCode::invalid_argument);
  EXPECT_EQ(code_thrown_by([] { (void)Tensor(DType::int8, {-1}); }), ErrorCode::invalid_argument);
  EXPECT_EQ(code_thrown_by([] { (void)Tensor(DType::int8, {INT64_MAX, 2}); }), ErrorCode::resource_exhausted);
  EXPECT_EQ(code_thrown_by([] { (void)Tensor(DType::float64, {INT64_MAX / 4}); }), ErrorCode::resource_exhausted);
  EXPECT_EQ(code_thrown_by([] { (void)Tensor(DType::float32, {1}).data<int>(); }), ErrorCode::invalid_argument);
  EXPECT_EQ(code_thrown_by([] { (void)Tensor(DType::undefined, {1}); }), ErrorCode::invalid_argument);
  EXPECT_EQ(code_thrown_by([] { (void)Tensor::of<float>({3}, {1, 2}); }), ErrorCode::invalid_argument);
}

TEST(Tensor, ReshapeKeepsElementsAndSaysWhyItCannot) {
  const Tensor t = Tensor::of<float>({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(t.reshaped({3, 2}).raw(), t.raw());
  try {
    t.reshaped({4, 2});
    FAIL();
  } catch (const Error& error) { EXPECT_STREQ(error.what(), "cannot view float32[2,3] as [4,2]: 6 elements against 8"); }
}

TEST(Value, OfAnotherKindIsAnErrorNotAGarbageRead) {
  const Value list = Value::sequence({Tensor::scalar(1.0f), Value::optional()});
  EXPECT_EQ(list.items().size(), 2u);
  EXPECT_EQ(list.items()[1].kind(), Value::Kind::optional);
  EXPECT_TRUE(list.items()[1].items().empty());
  EXPECT_EQ(code_thrown_by([&] { (void)list.tensor(); }), ErrorCode::invalid_argument);
  EXPECT_EQ(code_thrown_by([&] { (void)list.keys(); }), ErrorCode::invalid_argument);
  const Value map = Value::map(Tensor::of<int64_t>({2}, {1, 2}), Tensor::of<float>({2}, {3, 4}));
  EXPECT_EQ(map.values().data<float>()[1], 4);
  EXPECT_EQ(code_thrown_by([] { Value::map(Tensor::of<float>({1}, {1}), Tensor::of<float>({1}, {1})); }), ErrorCode::invalid_argument);
  EXPECT_EQ(code_thrown_by([] { Value::map(Tensor::of<int64_t>({2}, {1, 2}), Tensor::of<float>({1}, {1})); }), ErrorCode::invalid_argument);
}

TEST(Allocate, BudgetRefusesBeforeTakingAndNamesItsNumbers) {
  MemoryBudget budget(1000);
  Result<Tensor> kept = allocate(DType::float32, {128}, &budget);
  ASSERT_TRUE(kept);
  EXPECT_EQ(budget.used(), 512);
  const Result<Tensor> refused = allocate(DType::int8, {int64_t{1} << 40}, &budget);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::resource_exhausted);
  for (const char* number : {"1099511627776", "512", "1000"})
    EXPECT_NE(refused.error().message().find(number), std::string::npos) << number;
  EXPECT_EQ(budget.used(), 512);
  *kept = Tensor();
  EXPECT_EQ(budget.used(), 0);
  EXPECT_EQ(budget.peak(), 512);
}

TEST(Allocate, ChargeEndsWithTheBufferEvenAfterTheBudgetIsGone) {
  Tensor survivor;
  {
    MemoryBudget budget(1 << 20);
    survivor = *allocate(DType::string, {10}, &budget, Fill::zero);
    Tensor copy = survivor;
    EXPECT_GT(budget.used(), 0);
  }
  survivor.mutable_data<std::string>()[9] = "still there";
  EXPECT_EQ(survivor.data<std::string>()[9], "still there");
}

TEST(Allocate, ManyThreadsNeverExceedTheLimit) {
  MemoryBudget budget(64 * 100);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 2000; ++i) (void)allocate(DType::int8, {i % 3000}, &budget);
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(budget.used(), 0);
  EXPECT_LE(budget.peak(), budget.limit());
}

TEST(Checked, OverflowNegativesAndRangesAreRefused) {
  EXPECT_FALSE(checked_mul(INT64_MAX, 2));
  EXPECT_FALSE(checked_add(INT64_MAX, 1));
  EXPECT_EQ(*checked_count(Shape{2, 0, 3}), 0);
  EXPECT_EQ(*checked_count(Shape{}), 1);
  EXPECT_FALSE(checked_count(Shape{0, INT64_MAX, 4})) << "its strides overflow";
  EXPECT_FALSE(checked_count(Shape{0, -1}));
  EXPECT_EQ(*checked_bytes(DType::uint4, Shape{INT64_MAX}), INT64_MAX / 2 + 1);
  EXPECT_TRUE(checked_range(4, 6, 10));
  EXPECT_FALSE(checked_range(4, 7, 10));
  EXPECT_FALSE(checked_range(INT64_MAX, INT64_MAX, 10));
  EXPECT_FALSE(checked_range(-1, 1, 10));
  EXPECT_EQ(*checked_index(-1, 3, "axis"), 2);
  EXPECT_EQ(checked_index(-5, 3, "axis").error().message(), "axis -5 is outside [-3, 3)");
}

TEST(Error, SaysNodeMessageAndHint) {
  Error error(ErrorCode::invalid_argument, "index 3 is outside [0, 3)");
  error.at("Gather \"/g\"").at("Loop \"/outer\"").suggest("look at ids").suggest("other").within("model.onnx");
  EXPECT_STREQ(error.what(), "[Gather \"/g\"] model.onnx: index 3 is outside [0, 3)\n  hint: look at ids");
  EXPECT_EQ(to_string(error.code()), "invalid_argument");
}

TEST(DType, NamesReadBackAndNumpySpellingsToo) {
  for (int i = 1; i < kDTypeCount; ++i) EXPECT_EQ(parse_dtype(to_string(static_cast<DType>(i))), static_cast<DType>(i));
  EXPECT_EQ(parse_dtype("<f4"), DType::float32);
  EXPECT_EQ(parse_dtype("|b1"), DType::boolean);
  EXPECT_EQ(parse_dtype("<c16"), DType::complex128);
  EXPECT_EQ(parse_dtype(">f4"), std::nullopt) << "big-endian bytes need swapping";
  EXPECT_EQ(parse_dtype(""), std::nullopt);
  EXPECT_EQ(to_string(static_cast<DType>(200)), "undefined");
}

TEST(Text, NumbersAreShortestThatReadBack) { EXPECT_EQ(cat(0.1, ' ', -1, ' ', true, ' ', Shape{1, 2}), "0.1 -1 true [1,2]"); }

}  // namespace

TEST(Tensor, ALargeUnalignedViewIsCopiedOnceSomebodyReads) {
  std::vector<char> file(size_t{1} << 18 | 1);
  const std::vector<float> values(size_t{1} << 16, 2.5f);
  std::memcpy(file.data() + 1, values.data(), values.size() * 4);
  Tensor view = Tensor::view(DType::float32, {1 << 16}, file.data() + 1, values.size() * 4, nullptr);
  EXPECT_EQ(view.stored(), file.data() + 1);
  const Tensor copy = view.reshaped({256, 256});
  EXPECT_EQ(view.data<float>()[65535], 2.5f);
  EXPECT_EQ(copy.raw(), view.raw());
  EXPECT_EQ(reinterpret_cast<uintptr_t>(view.raw()) % 64, 0u);
  view.mutable_data<float>()[0] = 7;
  EXPECT_EQ(copy.data<float>()[0], 2.5f);
  EXPECT_EQ(view.data<float>()[0], 7);
  EXPECT_EQ(view.data<float>()[1], 2.5f);
}

TEST(Tensor, AnUnalignedViewIsWritableWithoutHavingBeenRead) {
  std::vector<char> file(size_t{1} << 18 | 1, 1);
  Tensor view = Tensor::view(DType::int32, {1 << 16}, file.data() + 1, size_t{1} << 18, nullptr);
  view.mutable_data<int32_t>()[0] = 5;
  EXPECT_EQ(view.data<int32_t>()[0], 5);
  EXPECT_EQ(view.data<int32_t>()[65535], 0x01010101);
}
}  // namespace nacre
