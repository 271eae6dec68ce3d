#include "core/allocate.h"

#include <atomic>
#include <cstring>
#include <new>
#include <optional>

#include "core/buffer.h"
#include "core/checked.h"
#include "core/lasting.h"
#include "core/os/pages.h"

namespace nacre {

struct MemoryBudget::Account {
  explicit Account(int64_t most) : limit(most) {}
  const int64_t limit;
  std::atomic<int64_t> used{0}, peak{0};
};

MemoryBudget::MemoryBudget(int64_t limit) : account_(std::make_shared<Account>(limit)) {}

Result<void> MemoryBudget::charge(int64_t bytes) {
  int64_t used = account_->used.load(std::memory_order_relaxed);
  do {
    if (bytes > account_->limit - used)
      return fail(ErrorCode::resource_exhausted, "cannot take ", bytes, " bytes: ", used, " of a limit of ", account_->limit,
                  " are in use");
  } while (!account_->used.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  int64_t peak = account_->peak.load(std::memory_order_relaxed);
  while (peak < used + bytes && !account_->peak.compare_exchange_weak(peak, used + bytes, std::memory_order_relaxed)) {}
  return {};
}

void MemoryBudget::release(int64_t bytes) noexcept { account_->used.fetch_sub(bytes, std::memory_order_relaxed); }
int64_t MemoryBudget::used() const noexcept { return account_->used.load(std::memory_order_relaxed); }
int64_t MemoryBudget::peak() const noexcept { return account_->peak.load(std::memory_order_relaxed); }
int64_t MemoryBudget::limit() const noexcept { return account_->limit; }

namespace {

struct Charge {
  MemoryBudget budget;
  int64_t bytes;
};

struct FreeBuffer {
  std::optional<Charge> charge;
  void operator()(void* data) noexcept {
    ::operator delete(data, std::align_val_t(kBufferAlignment));
    if (charge) charge->budget.release(charge->bytes);
  }
};

struct FreeStrings {
  int64_t count;
  std::optional<Charge> charge;
  void operator()(void* data) noexcept {
    std::destroy_n(static_cast<std::string*>(data), count);
    FreeBuffer{std::move(charge)}(data);
  }
};

// A buffer that frees itself, its strings and its charge. (shared_ptr runs the deleter even when its own allocation fails.)
std::shared_ptr<void> own_buffer(DType dtype, void* data, int64_t count, std::optional<Charge> charge) {
  if (dtype != DType::string) return std::shared_ptr<void>(data, FreeBuffer{std::move(charge)});
  std::uninitialized_value_construct_n(static_cast<std::string*>(data), count);
  return std::shared_ptr<void>(data, FreeStrings{count, std::move(charge)});
}

}  // namespace

Result<Tensor> allocate(DType dtype, Shape shape, MemoryBudget* budget, Fill fill) {
  const int64_t bytes = NACRE_TRY(checked_bytes(dtype, shape));
  const int64_t count = NACRE_TRY(checked_count(shape));
  if (bytes > INT64_MAX - kBufferAlignment) return fail(ErrorCode::resource_exhausted, "cannot allocate ", bytes, " bytes");
  // Whole cache lines, so that vector code may read past the last element.
  const int64_t padded = std::max<int64_t>((bytes + kBufferAlignment - 1) / kBufferAlignment, 1) * kBufferAlignment;
  std::optional<Charge> charge;
  if (budget) {
    NACRE_TRY(budget->charge(padded));
    charge = Charge{*budget, padded};
  }
  void* data = ::operator new(static_cast<size_t>(padded), std::align_val_t(kBufferAlignment), std::nothrow);
  if (!data) {
    if (budget) budget->release(padded);
    return fail(ErrorCode::resource_exhausted, "out of memory for ", bytes, " bytes of ", dtype, shape);
  }
  // The spare bits of a packed tensor's last byte are zero, so that equal tensors have equal bytes.
  if (is_packed(dtype) && bytes > 0) static_cast<unsigned char*>(data)[bytes - 1] = 0;
  if (fill == Fill::zero) std::memset(data, 0, static_cast<size_t>(padded));
  return TensorMaker::own(dtype, std::move(shape), count, own_buffer(dtype, data, count, std::move(charge)));
}

Result<Tensor> allocate_lasting(DType dtype, Shape shape) {
  const int64_t bytes = NACRE_TRY(checked_bytes(dtype, shape)), count = NACRE_TRY(checked_count(shape));
  if (bytes == 0 || dtype == DType::string) return allocate(dtype, std::move(shape), nullptr, Fill::zero);
  void* pages = take_pages(static_cast<size_t>(bytes));
  if (!pages) return fail(ErrorCode::resource_exhausted, "out of memory for ", bytes, " bytes of ", dtype, shape);
  const auto give_back = [bytes](void* taken) { give_pages_back(taken, static_cast<size_t>(bytes)); };
  return TensorMaker::own(dtype, std::move(shape), count, std::shared_ptr<void>(pages, give_back));
}

}  // namespace nacre
