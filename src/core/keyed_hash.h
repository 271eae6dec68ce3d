// A fast 128-bit hash under a secret: who does not know the secret cannot make two inputs that collide.
//
//     const KeyedHash hash(secret);
//     if (hash.of(bytes) != expected) return fail(...);      // changed, or made under another secret
//
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace nacre {

struct Digest {
  uint64_t low = 0, high = 0;
  bool operator==(const Digest&) const = default;
};

class KeyedHash {
 public:
  using Secret = std::array<std::byte, 32>;
  explicit KeyedHash(const Secret& secret) noexcept;

  /// At the speed of memory; large inputs are shared among the threads of the process's team.
  Digest of(std::span<const std::byte> bytes) const;

 private:
  static constexpr size_t kBlock = 4096;
  Digest of_chunk(std::span<const std::byte> bytes) const noexcept;
  void add_block(Digest& state, const std::byte* block) const noexcept;
  Digest combine(std::span<const Digest> parts, uint64_t length) const noexcept;

  std::array<uint64_t, kBlock / 8> keys_;
  uint64_t points_[2];
};

}  // namespace nacre
