#include "core/recycler.h"

#include <algorithm>
#include <bit>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "core/buffer.h"
#include "core/checked.h"

namespace nacre {

// Blocks are tensors of bytes, oldest first.
struct Recycler::Pool {
  std::mutex mutex;
  std::vector<Tensor> idle;
  int64_t idle_bytes = 0, lent_bytes = 0, most_lent = 0;
  bool closed = false;

  /// The least block that holds `bytes` and is not twice as large.
  std::optional<Tensor> take(int64_t bytes) noexcept {
    std::lock_guard lock(mutex);
    auto best = idle.end();
    for (auto at = idle.begin(); at != idle.end(); ++at)
      if (at->size() >= bytes && at->size() <= 2 * bytes && (best == idle.end() || at->size() < best->size())) best = at;
    if (best == idle.end()) return std::nullopt;
    Tensor block = std::move(*best);
    idle.erase(best);
    idle_bytes -= block.size();
    return block;
  }

  void lend(int64_t bytes) noexcept {
    std::lock_guard lock(mutex);
    lent_bytes += bytes;
    most_lent = std::max(most_lent, lent_bytes);
  }

  void give_back(Tensor block) noexcept {
    std::lock_guard lock(mutex);
    lent_bytes -= block.size();
    if (closed) return;
    while (!idle.empty() && idle_bytes + lent_bytes + block.size() > most_lent) {
      idle_bytes -= idle.front().size();
      idle.erase(idle.begin());
    }
    try {
      idle_bytes += block.size();
      idle.push_back(std::move(block));
    } catch (const std::bad_alloc&) { idle_bytes -= block.size(); }
  }
};

namespace {

constexpr int64_t kLeast = 8 << 10;  // smaller ones lie together on pages that stay

// Rounded up, so that a result one token longer fits where the one before lay.
int64_t rounded(int64_t bytes) {
  const int64_t step = std::max<int64_t>(4096, int64_t(std::bit_floor(uint64_t(bytes))) / 8);
  return (bytes + step - 1) / step * step;
}

}  // namespace

/// What a tensor does with its block when it dies.
struct Recycler::Return {
  std::shared_ptr<Pool> pool;
  Tensor block;
  std::optional<MemoryBudget> budget;
  void operator()(void*) noexcept {
    if (budget) budget->release(block.size());
    pool->give_back(std::move(block));
  }
};

Recycler::Recycler() : pool_(std::make_shared<Pool>()) {}

Recycler::~Recycler() {
  trim();
  std::lock_guard lock(pool_->mutex);
  pool_->closed = true;
}

Result<Tensor> Recycler::allocate(DType dtype, Shape shape, MemoryBudget* budget) {
  const int64_t bytes = NACRE_TRY(checked_bytes(dtype, shape)), count = NACRE_TRY(checked_count(shape));
  if (bytes < kLeast || bytes > INT64_MAX / 2 || dtype == DType::string) return nacre::allocate(dtype, std::move(shape), budget);
  std::optional<Tensor> block = pool_->take(bytes);
  const int64_t size = block ? block->size() : rounded(bytes);
  if (budget) NACRE_TRY(budget->charge(size));
  if (!block) {
    auto fresh = nacre::allocate(DType::uint8, {size});
    if (!fresh && budget) budget->release(size);
    block = NACRE_TRY(std::move(fresh));
  }
  pool_->lend(size);
  auto* data = static_cast<unsigned char*>(block->mutable_raw());
  if (is_packed(dtype)) data[bytes - 1] = 0;  // spare bits of the last byte
  std::shared_ptr<void> buffer(data, Return{pool_, std::move(*block), budget ? std::optional(*budget) : std::nullopt});
  return TensorMaker::own(dtype, std::move(shape), count, std::move(buffer));
}

void Recycler::trim() noexcept {
  std::vector<Tensor> dropped;
  std::lock_guard lock(pool_->mutex);
  dropped.swap(pool_->idle);
  pool_->idle_bytes = 0;
}

int64_t Recycler::idle_bytes() const noexcept {
  std::lock_guard lock(pool_->mutex);
  return pool_->idle_bytes;
}

}  // namespace nacre
