// Integers of 2 to 8 bits, packed one behind the other, the lowest bits first.
#pragma once

#include <cstdint>

namespace nacre {

/// Field `i` of a row of fields.
inline int64_t field(const uint8_t* bytes, int64_t bits, int64_t i) {
  const int64_t first = i * bits, shift = first % 8;
  unsigned word = bytes[first / 8];
  if (shift + bits > 8) word |= static_cast<unsigned>(bytes[first / 8 + 1]) << 8;
  return word >> shift & ((1u << bits) - 1);
}

/// Bytes of `count` fields.
inline int64_t packed_size(int64_t count, int64_t bits) { return (count * bits + 7) / 8; }

}  // namespace nacre
