// Strings by their prefixes: all keys that a text starts with are found in one walk.
//
//     PrefixTrie trie(tokens);                                            // places in the list
//     const auto key_of = [&](uint32_t place) { return tokens[place]; };
//     trie.walk("unaffable", key_of, [&](size_t length, uint32_t place) { ... });   // "un" (2), "una" (3), ...
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace nacre {

/// A double array of five bytes a slot, some two slots a key. The child of a node with base b by a byte c is at b ^ c, where
/// the label is c; no two nodes have one base, so the label alone says whose child a slot is. Where one key is left a leaf stands
/// for its whole rest, which is compared with the key itself: the keys are kept elsewhere.
class PrefixTrie {
 public:
  PrefixTrie() = default;
  /// UTF-8. Of equal keys the last place counts. Empty keys are not found.
  explicit PrefixTrie(std::span<const std::string_view> keys);

  /// Of keys, equal ones and empty ones left out.
  size_t size() const noexcept { return size_; }

  template <class KeyOf, class Found>
  void walk(std::string_view text, KeyOf&& key_of, Found&& found) const {
    if (units_.empty()) return;
    uint32_t base = root_;
    for (size_t at = 0; at < text.size();) {
      const auto byte = static_cast<unsigned char>(text[at++]);
      const uint32_t slot = base ^ byte;
      if (labels_[slot] != byte) return;
      const uint32_t unit = units_[slot];
      if (unit & kLeaf) {
        if (unit & kHidden) return;
        const uint32_t place = unit & kValue;
        if (unit & kMarked) return found(at, place);
        const std::string_view key = key_of(place);
        if (text.substr(at).starts_with(key.substr(at))) found(key.size(), place);
        return;
      }
      base = unit & kValue;
      if (unit & kMarked) found(at, units_[base ^ kEndLabel] & kValue);
    }
  }

  /// The place of a key.
  template <class KeyOf>
  std::optional<uint32_t> find(std::string_view text, KeyOf&& key_of) const {
    std::optional<uint32_t> out;
    walk(text, key_of, [&](size_t length, uint32_t place) {
      if (length == text.size()) out = place;
    });
    return out;
  }

 private:
  friend class TriePacker;
  // Of a unit: a leaf (its value is a place; marked: the key ends here), or a node (its value is a base; marked: a key ends here,
  // whose place is in the hidden leaf of the label that no UTF-8 has). Empty slots are hidden leaves, too.
  static constexpr uint32_t kLeaf = uint32_t{1} << 31, kMarked = uint32_t{1} << 30, kHidden = uint32_t{1} << 29, kValue = kHidden - 1;
  static constexpr unsigned char kEndLabel = 0xFF;

  std::vector<uint32_t> units_;
  std::vector<uint8_t> labels_;
  uint32_t root_ = 0;
  size_t size_ = 0;
};

}  // namespace nacre
