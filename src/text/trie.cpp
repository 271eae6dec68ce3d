#include "text/trie.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace nacre {
namespace {

/// A key with its first eight bytes as a number, so that most comparisons do not touch the text.
struct SortKey {
  uint64_t head;
  uint32_t place;
};

uint64_t head_of(std::string_view text) {
  uint64_t out = 0;
  for (size_t i = 0; i < 8; ++i) out = out << 8 | (i < text.size() ? static_cast<unsigned char>(text[i]) : 0u);
  return out;
}

std::vector<uint32_t> sorted_places(std::span<const std::string_view> keys) {
  std::vector<SortKey> order(keys.size());
  for (uint32_t place = 0; place < keys.size(); ++place) order[place] = {head_of(keys[place]), place};
  std::sort(order.begin(), order.end(), [&](const SortKey& a, const SortKey& b) {
    if (a.head != b.head) return a.head < b.head;
    const int compared = keys[a.place].compare(keys[b.place]);
    return compared != 0 ? compared < 0 : a.place < b.place;
  });
  std::vector<uint32_t> out;
  out.reserve(keys.size());
  for (const SortKey& key : order)
    if (!keys[key.place].empty()) out.push_back(key.place);
  return out;
}

/// Keys [begin, end) of the sorted list share the bytes that lead to a node.
struct Stretch {
  uint32_t begin, end;
};

}  // namespace

PrefixTrie::PrefixTrie(std::span<const std::string_view> keys) {
  const std::vector<uint32_t> order = sorted_places(keys);
  std::vector<Stretch> level{{0, static_cast<uint32_t>(order.size())}}, next;
  labels_.push_back(0);
  places_.push_back(kNone);
  for (size_t depth = 0; !level.empty(); ++depth) {
    next.clear();
    for (Stretch stretch : level) {
      first_.push_back(static_cast<uint32_t>(labels_.size()));
      while (stretch.begin < stretch.end && keys[order[stretch.begin]].size() == depth) places_[first_.size() - 1] = order[stretch.begin++];
      while (stretch.begin < stretch.end) {
        const auto label = static_cast<unsigned char>(keys[order[stretch.begin]][depth]);
        uint32_t end = stretch.begin + 1;
        while (end < stretch.end && static_cast<unsigned char>(keys[order[end]][depth]) == label) ++end;
        labels_.push_back(label);
        places_.push_back(kNone);
        next.push_back({stretch.begin, end});
        stretch.begin = end;
      }
    }
    std::swap(level, next);
  }
  first_.push_back(static_cast<uint32_t>(labels_.size()));
  for (uint32_t child = first_[0]; child < first_[1]; ++child) roots_[labels_[child]] = child;
}

}  // namespace nacre
