// Strings by their prefixes: all keys that a text starts with are found in one walk.
//
//     PrefixTrie trie(tokens);                                            // values are places in the list
//     trie.walk("unaffable", [&](size_t length, uint32_t place) { ... });   // "un" (2), "una" (3), ...
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace nacre {

/// Nine bytes a node: nodes in order of depth, the children of one side by side and sorted.
class PrefixTrie {
 public:
  PrefixTrie() = default;
  /// Of equal keys the last place counts. Empty keys are not found.
  explicit PrefixTrie(std::span<const std::string_view> keys);

  template <class Found>
  void walk(std::string_view text, Found&& found) const {
    uint32_t node = 0;
    for (size_t at = 0; at < text.size(); ++at) {
      node = child_of(node, static_cast<unsigned char>(text[at]));
      if (node == 0) return;
      if (places_[node] != kNone) found(at + 1, places_[node]);
    }
  }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  /// 0 when there is none: the root is nobody's child.
  uint32_t child_of(uint32_t node, unsigned char byte) const noexcept {
    if (node == 0) return roots_[byte];
    const uint32_t end = first_[node + 1];
    uint32_t child = first_[node];
    while (child < end && labels_[child] < byte) ++child;
    return child < end && labels_[child] == byte ? child : 0;
  }

  std::array<uint32_t, 256> roots_{};
  std::vector<uint32_t> first_, places_;  // of each node: its first child (the next one's first ends them), its value
  std::vector<uint8_t> labels_;
};

}  // namespace nacre
