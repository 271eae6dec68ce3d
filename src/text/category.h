// General categories as regular expressions ask for them: Unicode 16, which the reference's Oniguruma follows.
//
//     if (in_category(code, Category::letter | Category::mark)) ...
#pragma once

#include <atomic>
#include <cstdint>

namespace nacre {

/// Bits; a code point has one of the first seven at most.
struct Category {
  static constexpr uint8_t upper = 1;         ///< Lu, Lt
  static constexpr uint8_t lower = 2;         ///< Ll
  static constexpr uint8_t other_letter = 4;  ///< Lm, Lo
  static constexpr uint8_t mark = 8;          ///< M
  static constexpr uint8_t number = 16;       ///< N
  static constexpr uint8_t punctuation = 32;  ///< P
  static constexpr uint8_t symbol = 64;       ///< S
  static constexpr uint8_t space = 128;       ///< White_Space
  static constexpr uint8_t letter = upper | lower | other_letter;
};

/// Worked out for 256 code points when the first of them is met; the blocks stay for the life of the process.
struct CategoryBlock {
  uint8_t bits[256];
};
inline constexpr uint32_t kCategoryBlocks = 0x1100;
extern std::atomic<const CategoryBlock*> category_blocks[kCategoryBlocks];
const CategoryBlock& make_category_block(uint32_t number) noexcept;

inline uint8_t category_of(char32_t code) noexcept {
  const uint32_t number = code >> 8;
  if (number >= kCategoryBlocks) return 0;
  const CategoryBlock* block = category_blocks[number].load(std::memory_order_acquire);
  return (block ? *block : make_category_block(number)).bits[code & 0xFF];
}
inline bool in_category(char32_t code, uint8_t bits) noexcept { return (category_of(code) & bits) != 0; }

}  // namespace nacre
