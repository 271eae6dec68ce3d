// Heads of kept files: any bytes, sealed or not, end in a head that says what the file is, or in an error.
#include "core/disk_cache.h"

#include <cstring>
#include <vector>

using namespace nacre;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const KeyedHash hash({});
  const std::span bytes(reinterpret_cast<const std::byte*>(data), size);
  static_cast<void>(read_cache_head(bytes, hash));
  // The seal keeps mutations out: what would pass it is tried with a seal of its own.
  std::vector<std::byte> sealed(std::max(size, kCacheHeadBytes));
  std::memcpy(sealed.data(), data, size);
  constexpr size_t kWords = 15 * sizeof(uint64_t);
  const uint64_t magic = 0x31306b6361706e;
  std::memcpy(sealed.data(), &magic, sizeof magic);
  const Digest seal = hash.of(std::span(sealed).first(kWords));
  std::memcpy(sealed.data() + kWords, &seal, sizeof seal);
  const auto head = read_cache_head(sealed, hash);
  if (!head) return 0;
  if (head->body_bytes != sealed.size() - kCacheHeadBytes) __builtin_trap();
  const auto written = write_cache_head(*head, hash);
  if (std::memcmp(written.data(), sealed.data(), kWords + sizeof seal) != 0) __builtin_trap();
  return 0;
}
