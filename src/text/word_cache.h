// The pieces of words that were met before: natural text repeats its words. Of a fixed size; a new word takes the place of
// the one that was there.
//
//     WordCacheLoan cache(caches);                                  // this call's alone until the end of the block
//     if (const CachedWord* known = cache->find(word, hash)) ...
//     else cache->store(word, hash, symbols);
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include "text/merges.h"

namespace nacre {

/// Two cache lines: words up to 44 bytes and 16 pieces; others are not kept.
struct alignas(64) CachedWord {
  static constexpr size_t kMostBytes = 44, kMostPieces = 16;
  uint32_t ids[kMostPieces];
  uint8_t lengths[kMostPieces];
  uint8_t size, count;  // bytes and pieces; no bytes: an empty place
  uint16_t check;       // bits of the hash that do not choose the place
  char text[kMostBytes];
};

class WordCache {
 public:
  static constexpr size_t kPlaces = 8192;  // 1 MiB

  static uint64_t hash_of(std::string_view word) noexcept {
    uint64_t hash = word.size() * 0x9E3779B97F4A7C15u;
    const char* at = word.data();
    size_t left = word.size();
    for (uint64_t block; left >= 8; at += 8, left -= 8)
      std::memcpy(&block, at, 8), hash = (hash ^ block) * 0xBF58476D1CE4E5B9u, hash ^= hash >> 32;
    uint64_t tail = 0;
    for (size_t i = 0; i < left; ++i) tail |= uint64_t{static_cast<unsigned char>(at[i])} << (8 * i);
    hash = (hash ^ tail) * 0x94D049BB133111EBu;
    return hash ^ hash >> 29;
  }

  const CachedWord* find(std::string_view word, uint64_t hash) const noexcept {
    const CachedWord& place = places_[hash % kPlaces];
    const bool same = place.size == word.size() && place.check == check_of(hash) && std::memcmp(place.text, word.data(), word.size()) == 0;
    return same ? &place : nullptr;
  }

  void store(std::string_view word, uint64_t hash, std::span<const Symbol> pieces) noexcept {
    if (word.size() > CachedWord::kMostBytes || pieces.size() > CachedWord::kMostPieces) return;
    CachedWord& place = places_[hash % kPlaces];
    place.size = static_cast<uint8_t>(word.size());
    place.count = static_cast<uint8_t>(pieces.size());
    place.check = check_of(hash);
    std::copy(word.begin(), word.end(), place.text);
    for (size_t i = 0; i < pieces.size(); ++i) place.ids[i] = pieces[i].id, place.lengths[i] = static_cast<uint8_t>(pieces[i].length);
  }

 private:
  static uint16_t check_of(uint64_t hash) noexcept { return static_cast<uint16_t>(hash >> 48); }
  std::unique_ptr<CachedWord[]> places_ = std::make_unique<CachedWord[]>(kPlaces);
};

/// Caches that are not in use. Each call borrows one, so calls from many threads share no state.
class WordCaches {
 public:
  std::unique_ptr<WordCache> take() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return std::make_unique<WordCache>();
    auto out = std::move(idle_.back());
    idle_.pop_back();
    return out;
  }
  void give(std::unique_ptr<WordCache> cache) {
    const std::lock_guard lock(mutex_);
    if (idle_.size() < kMostIdle) idle_.push_back(std::move(cache));
  }

 private:
  static constexpr size_t kMostIdle = 8;
  std::mutex mutex_;
  std::vector<std::unique_ptr<WordCache>> idle_;
};

class WordCacheLoan {
 public:
  explicit WordCacheLoan(WordCaches& owner) : owner_(owner), cache_(owner.take()) {}
  WordCacheLoan(const WordCacheLoan&) = delete;
  WordCacheLoan& operator=(const WordCacheLoan&) = delete;
  ~WordCacheLoan() { owner_.give(std::move(cache_)); }
  WordCache* operator->() const noexcept { return cache_.get(); }

 private:
  WordCaches& owner_;
  std::unique_ptr<WordCache> cache_;
};

}  // namespace nacre
