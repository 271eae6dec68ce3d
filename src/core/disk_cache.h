// What was costly to make from a model's bytes, kept on disk for the next process. Files are input: one that is damaged, of
// another user, of another version of its source or made under another secret counts as none, and is made again.
//
//     if (auto cache = DiskCache::open(kPackedWeights)) {
//       if (auto kept = cache->find("panels 384x1536 avx512", weights)) return use(kept->bytes, kept->owner);
//       cache->keep("panels 384x1536 avx512", weights, panels);
//     }
//
#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include "core/keyed_hash.h"
#include "core/os/own_file.h"

namespace nacre {

/// The folder of weights in a kernel's own layout.
constexpr std::string_view kPackedWeights = "packed";

class DiskCache {
 public:
  using Bytes = std::span<const std::byte>;

  /// NACRE_CACHE_DIR/`folder`, made where it is missing; null where the variable is not set or the directory cannot be used,
  /// which the log says once.
  static std::shared_ptr<DiskCache> open(std::string_view folder);
  /// The same with the cause.
  static Result<std::shared_ptr<DiskCache>> open_at(const std::string& path, int64_t limit);
  DiskCache(std::string path, const KeyedHash::Secret& secret, int64_t limit) : path_(std::move(path)), hash_(secret), limit_(limit) {}

  struct Kept {
    Bytes bytes;
    std::shared_ptr<const void> owner;
  };
  /// What was kept under `key` for exactly these source bytes. A source that lies in a mapped file is known by the file's
  /// identity and times, any other by its hash.
  std::optional<Kept> find(std::string_view key, Bytes source) const;
  /// Keeps it; the files used longest ago make room. What cannot be written is not kept, which the log says once.
  void keep(std::string_view key, Bytes source, Bytes made);

  const std::string& path() const noexcept { return path_; }

 private:
  std::string path_for(std::string_view key, Bytes source) const;
  Result<void> write(const std::string& path, std::string_view key, Bytes source, Bytes made) const;
  void make_room(int64_t bytes);

  std::string path_;
  KeyedHash hash_;
  int64_t limit_;
  std::mutex mutex_;
  int64_t used_ = -1;  // bytes of all files; -1: not counted yet
  bool refused_ = false;
};

/// The head of a kept file. Fails on whatever was not written under this secret.
struct CacheHead {
  Digest key, body, source;
  uint64_t body_bytes = 0, source_bytes = 0;
  MappedSource origin;  // of the source; all zero: not known
};
constexpr size_t kCacheHeadBytes = 4096;
Result<CacheHead> read_cache_head(std::span<const std::byte> file, const KeyedHash& hash);
std::array<std::byte, kCacheHeadBytes> write_cache_head(const CacheHead& head, const KeyedHash& hash);

/// For `nacre doctor`.
struct DiskCacheState {
  std::string path;    ///< empty: NACRE_CACHE_DIR is not set
  std::string reason;  ///< why it cannot be used; empty: it can
  int64_t files = 0, bytes = 0, limit = 0;
};
DiskCacheState disk_cache_state(std::string_view folder);
/// Removes all that is kept. Returns the bytes.
Result<int64_t> clear_disk_cache(std::string_view folder);

}  // namespace nacre
