// The merges of byte-pair encoding: which two neighbouring tokens become which, and in what order.
//
//     MergeTable merges(pairs.size());
//     merges.set({left, right}, {rank, merged});
//     if (const Merge* none = nullptr; auto merge = merges.find(left, right)) ...   // merge->rank, merge->id
//     merge_all(merges, symbols);                                                    // until nothing merges any more
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace nacre {

struct Merge {
  uint32_t rank, id;
};

/// Pairs to merges, open addressing in twelve bytes a merge; ids and ranks have 24 bits. In front of it a bit per hash,
/// eight for each merge: most pairs are none, and that is mostly known without touching the table.
class MergeTable {
 public:
  static constexpr uint32_t kLimit = uint32_t{1} << 24;  ///< of ids and ranks

  MergeTable() = default;
  /// For at most so many merges.
  explicit MergeTable(size_t count);
  /// The last of equal pairs counts.
  void set(uint32_t left, uint32_t right, Merge merge) noexcept;
  std::optional<Merge> find(uint32_t left, uint32_t right) const noexcept;
  /// Asks for the memory that set and find of the pair will touch.
  void prefetch(uint32_t left, uint32_t right) const noexcept;
  size_t bytes() const noexcept { return slots_.size() * sizeof(Slot) + bits_.size() * 8; }

 private:
  struct Slot {
    uint32_t low = UINT32_MAX;     // left, and the lowest byte of right
    uint32_t middle = UINT32_MAX;  // the rest of right, and two bytes of the merged id
    uint32_t high = UINT32_MAX;    // its third, and the rank
  };
  static uint64_t hash_of(uint32_t left, uint32_t right) noexcept;
  size_t place_of(uint64_t hash) const noexcept { return static_cast<size_t>(((hash >> 32) * slots_.size()) >> 32); }
  Slot& slot_of(uint32_t left, uint32_t right, uint64_t hash) noexcept;

  std::vector<Slot> slots_;
  std::vector<uint64_t> bits_;
  uint32_t bit_mask_ = 0;
};

/// A token of a word that is being merged, and the bytes it stands for.
struct Symbol {
  uint32_t id, length;
};

/// Merges the pair of lowest rank, the leftmost of equals, until there is none. Takes n log n time.
void merge_all(const MergeTable& merges, std::vector<Symbol>& symbols);

}  // namespace nacre
