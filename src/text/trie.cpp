#include "text/trie.h"

#include <algorithm>
#include <array>
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

/// Large groups are dealt out by byte after byte of their heads, small ones compared.
class KeySorter {
 public:
  KeySorter(std::vector<SortedKey>& keys, std::span<const std::string_view> texts) : keys_(keys), texts_(texts), dealt_(keys.size()) {}

  void sort(size_t begin, size_t end, int depth = 0) {
    constexpr size_t small = 48;
    constexpr int head_bytes = 8;
    if (end - begin <= small || depth == head_bytes) return compare(begin, end);
    const auto byte_of = [shift = 56 - 8 * depth](const SortedKey& key) { return key.head >> shift & 0xFF; };
    std::array<uint32_t, 257> starts{};
    for (size_t i = begin; i < end; ++i) ++starts[byte_of(keys_[i]) + 1];
    if (starts[byte_of(keys_[begin]) + 1] == end - begin) return sort(begin, end, depth + 1);
    for (size_t byte = 0; byte < 256; ++byte) starts[byte + 1] += starts[byte];
    std::array<uint32_t, 257> next = starts;
    for (size_t i = begin; i < end; ++i) dealt_[next[byte_of(keys_[i])]++] = keys_[i];
    std::copy_n(dealt_.begin(), end - begin, keys_.begin() + static_cast<ptrdiff_t>(begin));
    for (size_t byte = 0; byte < 256; ++byte)
      if (starts[byte] < starts[byte + 1]) sort(begin + starts[byte], begin + starts[byte + 1], depth + 1);
  }

 private:
  void compare(size_t begin, size_t end) {
    std::sort(keys_.begin() + static_cast<ptrdiff_t>(begin), keys_.begin() + static_cast<ptrdiff_t>(end),
              [this](const SortedKey& a, const SortedKey& b) {
                if (a.head != b.head) return a.head < b.head;
                if (a.next != b.next) return a.next < b.next;
                const int compared = texts_[a.place].compare(texts_[b.place]);
                return compared != 0 ? compared < 0 : a.place > b.place;
              });
  }

  std::vector<SortedKey>& keys_;
  std::span<const std::string_view> texts_;
  std::vector<SortedKey> dealt_;
};

/// Without empty keys and those that are no text, and of equal ones with the last.
std::vector<SortedKey> sorted(std::span<const std::string_view> keys) {
  std::vector<SortedKey> out;
  out.reserve(keys.size());
  for (uint32_t place = 0; place < keys.size(); ++place) {
    const std::string_view key = keys[place];
    if (key.empty() || key.find(kInNoText) != key.npos) continue;
    out.push_back({head_of(key), key.size() > 8 ? head_of(key.substr(8)) : 0, place, static_cast<uint32_t>(key.size())});
  }
  KeySorter(out, keys).sort(0, out.size());
  const auto same = [&](const SortedKey& a, const SortedKey& b) { return a.head == b.head && keys[a.place] == keys[b.place]; };
  out.erase(std::unique(out.begin(), out.end(), same), out.end());
  return out;
}

/// Of each key, the bytes at its start that the key before it has, too.
std::vector<uint32_t> shared_with_before(const std::vector<SortedKey>& order, std::span<const std::string_view> keys) {
  std::vector<uint32_t> out(order.size());
  for (size_t i = 1; i < order.size(); ++i) {
    const uint64_t in_head = order[i].head ^ order[i - 1].head, in_next = order[i].next ^ order[i - 1].next;
    const int same = in_head ? std::countl_zero(in_head) / 8 : in_next ? 8 + std::countl_zero(in_next) / 8 : 16;
    // What stands behind a key's end in its head says nothing: a NUL may be either.
    const bool known = static_cast<uint32_t>(same) < std::min({order[i].size, order[i - 1].size, 16u});
    out[i] = known ? static_cast<uint32_t>(same) : shared_bytes(keys[order[i].place], keys[order[i - 1].place]);
  }
  return out;
}

/// What is free in 256 slots. A node's base is in its children's block.
struct Block {
  std::array<uint64_t, 4> slots{~0ull, ~0ull, ~0ull, ~0ull}, bases = slots;
};

/// Bit i of the result is bit (i ^ label) of `bits`.
std::array<uint64_t, 4> exchanged(const std::array<uint64_t, 4>& bits, uint8_t label) {
  constexpr uint64_t low[] = {0x5555555555555555, 0x3333333333333333, 0x0F0F0F0F0F0F0F0F,
                              0x00FF00FF00FF00FF, 0x0000FFFF0000FFFF, 0x00000000FFFFFFFF};
  std::array<uint64_t, 4> out;
  for (size_t word = 0; word < 4; ++word) out[word] = bits[word ^ label >> 6];
  for (size_t bit = 0; bit < 6; ++bit) {
    if (!(label >> bit & 1)) continue;
    for (uint64_t& word : out) word = (word & low[bit]) << (1u << bit) | (word >> (1u << bit) & low[bit]);
  }
  return out;
}

void take(std::array<uint64_t, 4>& bits, uint32_t place) { bits[place / 64] &= ~(uint64_t{1} << place % 64); }

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
  static constexpr uint32_t kRoot = UINT32_MAX, kBlock = 256;
  // How many of the last blocks are searched: more of them pack hardly better and take longer.
  static constexpr size_t kOpenBlocks = 16;
  // Of nodes with more than a few children: what is left in older blocks has hardly a place for them.
  static constexpr size_t kWideBlocks = 3, kFew = 2;

  void place(const Node& node, size_t depth, std::vector<Node>& next) {
    split(node, depth);
    const uint32_t base = find_base();
    Block& block = blocks_[base / kBlock];
    take(block.bases, base % kBlock);
    const bool ends_here = children_.front().label == PrefixTrie::kEndLabel;
    if (node.slot == kRoot) {
      trie_.root_ = base;
    } else {
      trie_.units_[node.slot] = base | (ends_here ? PrefixTrie::kMarked : 0u);
    }
    for (const Child& child : children_) {
      const uint32_t slot = base ^ child.label;
      trie_.labels_[slot] = child.label;
      take(block.slots, slot % kBlock);
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
    const size_t most = children_.size() > kFew ? kWideBlocks : kOpenBlocks;
    for (size_t block = blocks_.size() - std::min(blocks_.size(), most); block < blocks_.size(); ++block)
      if (const auto base = base_in(blocks_[block])) return static_cast<uint32_t>(block * kBlock) + *base;
    blocks_.emplace_back();
    trie_.labels_.resize(blocks_.size() * kBlock, PrefixTrie::kEndLabel);
    trie_.units_.resize(blocks_.size() * kBlock, PrefixTrie::kLeaf | PrefixTrie::kHidden);
    return static_cast<uint32_t>((blocks_.size() - 1) * kBlock);
  }

  std::optional<uint32_t> base_in(const Block& block) const {
    std::array<uint64_t, 4> possible = block.bases;
    for (const Child& child : children_) {
      const std::array<uint64_t, 4> free = exchanged(block.slots, child.label);
      uint64_t any = 0;
      for (size_t word = 0; word < 4; ++word) any |= possible[word] &= free[word];
      if (!any) return std::nullopt;
    }
    uint32_t word = 0;
    while (!possible[word]) ++word;
    return word * 64 + static_cast<uint32_t>(std::countr_zero(possible[word]));
  }

  PrefixTrie& trie_;
  std::span<const std::string_view> keys_;
  std::vector<SortedKey> order_;
  std::vector<uint32_t> shared_;
  std::vector<Child> children_;  // of the node at hand
  std::vector<Block> blocks_;
};

PrefixTrie::PrefixTrie(std::span<const std::string_view> keys) { TriePacker(*this, keys).run(); }

}  // namespace nacre
