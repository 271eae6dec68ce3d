// Tensors whose size comes from outside: a Result instead of an exception, charged to a budget before any byte is taken.
#pragma once

#include <cstdint>
#include <memory>

#include "core/result.h"

namespace nacre {

/// A limit in bytes that buffers are charged to; released when a buffer dies, be it after the budget itself.
/// Copies share the account. Safe from many threads.
class MemoryBudget {
 public:
  static constexpr int64_t kUnlimited = INT64_MAX;
  explicit MemoryBudget(int64_t limit = kUnlimited);

  /// Takes `bytes`, or fails (resource_exhausted) naming the size asked, used and the limit.
  Result<void> charge(int64_t bytes);
  void release(int64_t bytes) noexcept;

  int64_t used() const noexcept;
  int64_t peak() const noexcept;  ///< the most that was ever used
  int64_t limit() const noexcept;

 private:
  struct Account;
  std::shared_ptr<Account> account_;
};

enum class Fill : uint8_t { none, zero };

/// A tensor that owns 64-byte aligned elements: uninitialised unless `fill` says zero; strings are always empty ones.
/// Never throws. Charges `budget` where there is one.
Result<Tensor> allocate(DType dtype, Shape shape, MemoryBudget* budget = nullptr, Fill fill = Fill::none);

/// Tensor::view of bytes that are not aligned, with a Result. Large ones are copied when they are first read: a model's
/// weights that are packed straight from `stored()` never are.
Result<Tensor> view_unaligned(DType dtype, Shape shape, const void* data, size_t bytes, std::shared_ptr<const void> owner);

}  // namespace nacre
