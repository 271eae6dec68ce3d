// Weights in a kernel's own layout: made once per model and process, and kept on disk where NACRE_CACHE_DIR is set.
#pragma once

#include <atomic>
#include <mutex>
#include <unordered_map>

#include "core/disk_cache.h"
#include "core/function_ref.h"

namespace nacre::native {

/// To be raised whenever a kernel reads packed weights in another order: what older programs kept is then made again.
/// tests/backends/packs_test.cpp notices when it was forgotten.
constexpr int kPackLayout = 1;

/// Shared by all plans of a model: an entry per constant and layout.
class PackCache {
 public:
  explicit PackCache(std::shared_ptr<DiskCache> disk = nullptr) : disk_(std::move(disk)) {}

  /// The entry for `constant` in `layout`, made by `pack` when it is not there yet. `pack` runs under the cache's lock.
  template <class Pack>
  Result<std::shared_ptr<const void>> get(const Tensor& constant, std::string_view layout, Pack pack) {
    std::lock_guard lock(mutex_);
    Entry& entry = entries_[cat(layout, "@", reinterpret_cast<uintptr_t>(constant.stored()), describe(constant))];
    if (!entry.packed) {
      entry.packed = NACRE_TRY(pack(entry.bytes));
      entry.source = constant;
      release_mapped(constant.stored(), constant.byte_size());  // the packed copy is read from now on
      bytes_ += entry.bytes;
    }
    return entry.packed;
  }
  int64_t bytes() const noexcept { return bytes_; }

  /// float32 [size] that `fill` writes from `source` alone, in the way that `layout` names with all it depends on but the
  /// instruction set: read from the disk where an earlier process kept it.
  Result<Tensor> floats(std::span<const std::byte> source, std::string_view layout, int64_t size,
                        FunctionRef<Result<void>(float*)> fill) const;

 private:
  struct Entry {
    std::shared_ptr<const void> packed;
    Tensor source;  // keeps the key's address from being used again
    int64_t bytes = 0;
  };
  std::shared_ptr<DiskCache> disk_;
  std::mutex mutex_;
  std::unordered_map<std::string, Entry> entries_;
  std::atomic<int64_t> bytes_{0};
};

}  // namespace nacre::native
