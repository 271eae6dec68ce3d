#include "text/trie.h"

#include <algorithm>
#include <bit>

namespace nacre {
namespace {

constexpr char kInNoText = '\xFF';  // no UTF-8 has it: labels the end of a key

/// A key with its first sixteen bytes as numbers, so that most comparisons do not touch the text.
struct SortedKey {
  uint64_t head, next;
  uint32_t place, size;
};

uint64_t head_of(std::string_view text) {
  uint64_t out = 0;
  for (size_t i = 0; i < 8; ++i) out = out << 8 | (i < text.size() ? static_cast<unsigned char>(text[i]) : 0u);
  return out;
}

/// Bytes at the start of both.
uint32_t shared_bytes(std::string_view a, std::string_view b) {
  const size_t most = std::min(a.size(), b.size());
  return static_cast<uint32_t>(std::mismatch(a.begin(), a.begin() + static_cast<ptrdiff_t>(most), b.begin()).first - a.begin());
}

/// Without empty keys and those that are no text, and of equal ones with the last.
std::vector<SortedKey> sorted(std::span<const std::string_view> keys) {
  std::vector<SortedKey> out;
  out.reserve(keys.size());
  for (uint32_t place = 0; place < keys.size(); ++place) {
    const std::string_view key = keys[place];
    if (key.empty() || key.find(kInNoText) != key.npos) continue;
    out.push_back({head_of(key), key.size() > 8 ? head_of(key.substr(8)) : 0, place, static_cast<uint32_t>(key.size())});
  }
  std::sort(out.begin(), out.end(), [&](const SortedKey& a, const SortedKey& b) {
    if (a.head != b.head) return a.head < b.head;
    if (a.next != b.next) return a.next < b.next;
    const int compared = keys[a.place].compare(keys[b.place]);
    return compared != 0 ? compared < 0 : a.place > b.place;
  });
  const auto same = [&](const SortedKey& a, const SortedKey& b) { return a.head == b.head && keys[a.place] == keys[b.place]; };
  out.erase(std::unique(out.begin(), out.end(), same), out.end());
  return out;
}

/// Of each key, the bytes at its start that the key before it has, too.
std::vector<uint32_t> shared_with_before(const std::vector<SortedKey>& order, std::span<const std::string_view> keys) {
  std::vector<uint32_t> out(order.size());
  for (size_t i = 1; i < order.size(); ++i) {
    const uint64_t differs = order[i].head ^ order[i - 1].head;
    const auto in_heads = static_cast<uint32_t>(differs ? std::countl_zero(differs) / 8 : 8);
    // What stands behind a key's end in its head says nothing: a NUL may be either.
    const bool known = differs && in_heads < std::min(order[i].size, order[i - 1].size);
    out[i] = known ? in_heads : shared_bytes(keys[order[i].place], keys[order[i - 1].place]);
  }
  return out;
}

}  // namespace

/// Finds places for the children of node after node, in order of depth.
class TriePacker {
 public:
  TriePacker(PrefixTrie& trie, std::span<const std::string_view> keys)
      : trie_(trie), keys_(keys), order_(sorted(keys)), shared_(shared_with_before(order_, keys)) {}

  void run() {
    trie_.size_ = order_.size();
    if (order_.empty()) return;
    std::vector<Node> level{{0, static_cast<uint32_t>(order_.size()), kRoot}}, next;
    for (size_t depth = 0; !level.empty(); ++depth) {
      next.clear();
      for (const Node& node : level) place(node, depth, next);
      std::swap(level, next);
    }
    trie_.units_.shrink_to_fit();
    trie_.labels_.shrink_to_fit();
  }

 private:
  /// Keys [begin, end) of the sorted list share the bytes that lead to it.
  struct Node {
    uint32_t begin, end, slot;
  };
  struct Child {
    uint32_t begin, end;
    uint8_t label;
  };
  static constexpr uint32_t kRoot = UINT32_MAX, kBlock = 256, kNone = UINT32_MAX;
  // How many of the last blocks are searched: more of them pack hardly better and take longer.
  static constexpr size_t kOpenBlocks = 16;
  // Of nodes with more than a few children: what is left in older blocks has hardly a place for them.
  static constexpr size_t kWideBlocks = 3, kFew = 2;

  void place(const Node& node, size_t depth, std::vector<Node>& next) {
    split(node, depth);
    const uint32_t base = find_base();
    bases_[base] = true;
    const bool ends_here = children_.front().label == PrefixTrie::kEndLabel;
    if (node.slot == kRoot) {
      trie_.root_ = base;
    } else {
      trie_.units_[node.slot] = base | (ends_here ? PrefixTrie::kMarked : 0u);
    }
    for (const Child& child : children_) {
      const uint32_t slot = base ^ child.label;
      trie_.labels_[slot] = child.label;
      taken_[slot] = true;
      const uint32_t first = order_[child.begin].place;
      if (child.label == PrefixTrie::kEndLabel) {
        trie_.units_[slot] = PrefixTrie::kLeaf | PrefixTrie::kHidden | first;
      } else if (child.end - child.begin == 1) {
        trie_.units_[slot] = PrefixTrie::kLeaf | (order_[child.begin].size == depth + 1 ? PrefixTrie::kMarked : 0u) | first;
      } else {
        next.push_back({child.begin, child.end, slot});
      }
    }
  }

  /// The end first, if a key ends here.
  void split(const Node& node, size_t depth) {
    children_.clear();
    uint32_t begin = node.begin;
    if (order_[begin].size == depth) children_.push_back({begin, begin + 1, PrefixTrie::kEndLabel}), ++begin;
    while (begin < node.end) {
      uint32_t end = begin + 1;
      while (end < node.end && shared_[end] > depth) ++end;
      children_.push_back({begin, end, byte_of(order_[begin], depth)});
      begin = end;
    }
  }

  uint8_t byte_of(const SortedKey& key, size_t depth) const {
    if (depth < 16) return static_cast<uint8_t>((depth < 8 ? key.head : key.next) >> (56 - 8 * (depth % 8)));
    return static_cast<uint8_t>(keys_[key.place][depth]);
  }

  /// One that no other node has, with free slots for all children.
  uint32_t find_base() {
    const size_t least = children_.size() > kFew ? taken_.size() - std::min(taken_.size(), kWideBlocks * kBlock) : 0;
    uint32_t* link = &first_free_;
    while (*link != kNone) {
      const uint32_t slot = *link;
      if (taken_[slot]) {
        *link = next_free_[slot];
        continue;
      }
      const uint32_t base = slot ^ children_.front().label;
      const auto is_free = [&](const Child& child) { return !taken_[base ^ child.label]; };
      if (slot >= least && !bases_[base] && std::all_of(children_.begin() + 1, children_.end(), is_free)) return base;
      link = &next_free_[slot];
    }
    return add_block(link);
  }

  /// `link` is where the list of free slots ends.
  uint32_t add_block(uint32_t* link) {
    const auto start = static_cast<uint32_t>(taken_.size());
    *link = start;
    taken_.resize(start + kBlock);
    bases_.resize(start + kBlock);
    trie_.labels_.resize(start + kBlock, PrefixTrie::kEndLabel);
    trie_.units_.resize(start + kBlock, PrefixTrie::kLeaf | PrefixTrie::kHidden);
    for (uint32_t slot = start; slot < start + kBlock; ++slot) next_free_.push_back(slot + 1 < start + kBlock ? slot + 1 : kNone);
    while (first_free_ + kOpenBlocks * kBlock < taken_.size()) first_free_ = next_free_[first_free_];
    return start;
  }

  PrefixTrie& trie_;
  std::span<const std::string_view> keys_;
  std::vector<SortedKey> order_;
  std::vector<uint32_t> shared_;
  std::vector<Child> children_;         // of the node at hand
  std::vector<uint8_t> taken_, bases_;  // by slot; by base
  std::vector<uint32_t> next_free_;     // by slot
  uint32_t first_free_ = kNone;
};

PrefixTrie::PrefixTrie(std::span<const std::string_view> keys) { TriePacker(*this, keys).run(); }

}  // namespace nacre
