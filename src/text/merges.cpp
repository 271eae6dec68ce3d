#include "text/merges.h"

#include <algorithm>
#include <bit>
#include <queue>

namespace nacre {
namespace {

constexpr uint32_t kNone = UINT32_MAX;
// Up to here looking at every pair for the lowest rank beats a heap.
constexpr size_t kShort = 64;

struct Candidate {
  uint32_t rank, id;
};

Candidate candidate(const MergeTable& merges, uint32_t left, uint32_t right) {
  const auto merge = merges.find(left, right);
  return merge ? Candidate{merge->rank, merge->id} : Candidate{kNone, 0};
}

void merge_short(const MergeTable& merges, std::vector<Symbol>& symbols) {
  uint32_t ranks[kShort], ids[kShort];  // of the pair that starts here
  size_t count = symbols.size();
  const auto update = [&](size_t at) {
    const Candidate next = at + 1 < count ? candidate(merges, symbols[at].id, symbols[at + 1].id) : Candidate{kNone, 0};
    ranks[at] = next.rank, ids[at] = next.id;
  };
  for (size_t at = 0; at < count; ++at) update(at);
  for (;;) {
    const size_t best = static_cast<size_t>(std::min_element(ranks, ranks + count) - ranks);
    if (ranks[best] == kNone) break;
    symbols[best] = {ids[best], symbols[best].length + symbols[best + 1].length};
    for (size_t at = best + 1; at + 1 < count; ++at) symbols[at] = symbols[at + 1], ranks[at] = ranks[at + 1], ids[at] = ids[at + 1];
    --count;
    update(best);
    if (best > 0) update(best - 1);
  }
  symbols.resize(count);
}

/// A heap of candidates over a linked list; entries whose pair has changed since are passed over.
class LongWord {
 public:
  LongWord(const MergeTable& merges, std::vector<Symbol>& symbols) : merges_(merges), symbols_(symbols), links_(symbols.size()) {
    const auto count = static_cast<uint32_t>(symbols.size());
    std::vector<Entry> entries;
    for (uint32_t at = 0; at < count; ++at) {
      links_[at] = {at - 1, at + 1 < count ? at + 1 : kNone};
      if (at + 1 == count) continue;
      const Candidate next = candidate(merges_, symbols_[at].id, symbols_[at + 1].id);
      if (next.rank != kNone) entries.push_back({next.rank, at, next.id});
    }
    heap_ = Heap({}, std::move(entries));
  }

  void run() {
    while (!heap_.empty()) {
      const Entry top = heap_.top();
      heap_.pop();
      const uint32_t next = links_[top.at].next;
      if (symbols_[top.at].id == kNone || next == kNone) continue;
      if (candidate(merges_, symbols_[top.at].id, symbols_[next].id).rank != top.rank) continue;
      join(top.at, next, top.id);
    }
    std::erase_if(symbols_, [](const Symbol& symbol) { return symbol.id == kNone; });
  }

 private:
  struct Entry {
    uint32_t rank, at, id;
    bool operator<(const Entry& other) const noexcept { return rank != other.rank ? rank > other.rank : at > other.at; }
  };
  struct Link {
    uint32_t before, next;
  };
  using Heap = std::priority_queue<Entry>;

  void join(uint32_t at, uint32_t next, uint32_t id) {
    symbols_[at] = {id, symbols_[at].length + symbols_[next].length};
    symbols_[next].id = kNone;  // gone
    const uint32_t after = links_[next].next;
    links_[at].next = after;
    if (after != kNone) links_[after].before = at, push(at, after);
    if (links_[at].before != kNone) push(links_[at].before, at);
  }

  void push(uint32_t left, uint32_t right) {
    const Candidate next = candidate(merges_, symbols_[left].id, symbols_[right].id);
    if (next.rank != kNone) heap_.push({next.rank, left, next.id});
  }

  const MergeTable& merges_;
  std::vector<Symbol>& symbols_;
  std::vector<Link> links_;
  Heap heap_;
};

}  // namespace

MergeTable::MergeTable(size_t count) : slots_(count + count / 4 + 1), bits_(std::bit_ceil(count + 8) / 8) {
  bit_mask_ = static_cast<uint32_t>(bits_.size() * 64 - 1);
}

uint64_t MergeTable::hash_of(uint32_t left, uint32_t right) noexcept {
  const uint64_t mixed = (uint64_t{left} << 32 | right) * 0x9E3779B97F4A7C15u;
  return (mixed ^ mixed >> 29) * 0xBF58476D1CE4E5B9u;
}

MergeTable::Slot& MergeTable::slot_of(uint32_t left, uint32_t right, uint64_t hash) noexcept {
  const uint32_t low = left | right << 24, middle = right >> 8;
  size_t at = place_of(hash);
  while (slots_[at].high != kNone && (slots_[at].low != low || (slots_[at].middle & 0xFFFF) != middle))
    at = at + 1 == slots_.size() ? 0 : at + 1;
  return slots_[at];
}

void MergeTable::prefetch(uint32_t left, uint32_t right) const noexcept {
  if (slots_.empty()) return;
  const uint64_t hash = hash_of(left, right);
  __builtin_prefetch(&slots_[place_of(hash)], 1);
  __builtin_prefetch(&bits_[(static_cast<uint32_t>(hash) & bit_mask_) / 64], 1);
}

void MergeTable::set(uint32_t left, uint32_t right, Merge merge) noexcept {
  const uint64_t hash = hash_of(left, right);
  slot_of(left, right, hash) = {left | right << 24, right >> 8 | merge.id << 16, merge.id >> 16 | merge.rank << 8};
  const auto bit = static_cast<uint32_t>(hash) & bit_mask_;
  bits_[bit / 64] |= uint64_t{1} << (bit % 64);
}

std::optional<Merge> MergeTable::find(uint32_t left, uint32_t right) const noexcept {
  if (bits_.empty()) return std::nullopt;
  const uint64_t hash = hash_of(left, right);
  const auto bit = static_cast<uint32_t>(hash) & bit_mask_;
  if (!(bits_[bit / 64] >> (bit % 64) & 1)) return std::nullopt;
  const Slot& slot = const_cast<MergeTable*>(this)->slot_of(left, right, hash);
  if (slot.high == kNone) return std::nullopt;
  return Merge{slot.high >> 8, slot.middle >> 16 | (slot.high & 0xFF) << 16};
}

void merge_all(const MergeTable& merges, std::vector<Symbol>& symbols) {
  if (symbols.size() < 2) return;
  if (symbols.size() <= kShort) return merge_short(merges, symbols);
  LongWord(merges, symbols).run();
}

}  // namespace nacre
