#include "text/charsmap.h"

#include <algorithm>
#include <cstring>

#include "text/unicode.h"

namespace nacre {
namespace {

// A unit of Darts-clone's double array: https://github.com/s-yata/darts-clone.
constexpr bool has_leaf(uint32_t unit) { return (unit >> 8) & 1; }
constexpr uint32_t value_of(uint32_t unit) { return unit & 0x7FFFFFFF; }
constexpr uint32_t kIsValue = 0x80000000, kMostPacked = 0x10000;
constexpr uint32_t label_of(uint32_t unit) { return unit & 0x800000FF; }
constexpr uint32_t offset_of(uint32_t unit) { return (unit >> 10) << ((unit & (1u << 9)) >> 6); }

uint32_t read_little(const char* at) {
  const auto byte = [&](int i) { return static_cast<uint32_t>(static_cast<unsigned char>(at[i])); };
  return byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24;
}

}  // namespace

Result<Charsmap> Charsmap::load(std::string_view blob) {
  Charsmap out;
  if (blob.empty()) return out;
  if (blob.size() < 4) return fail(ErrorCode::invalid_model, "charsmap: ", blob.size(), " bytes are too few");
  const uint32_t trie = read_little(blob.data());
  if (trie > blob.size() - 4 || trie % 4 != 0 || trie == 0)
    return fail(ErrorCode::invalid_model, "charsmap: a table of ", trie, " bytes in ", blob.size() - 4);
  out.count_ = trie / 4;
  out.units_.resize(out.count_);
  for (size_t i = 0; i < out.count_; ++i) out.units_[i] = read_little(blob.data() + 4 + 4 * i);
  out.root_ = offset_of(out.units_[0]);
  out.texts_ = blob.substr(4 + trie);
  if (const auto bad = find_invalid_utf8(out.texts_))
    return fail(ErrorCode::invalid_model, "charsmap: its texts are not UTF-8 at byte ", *bad);
  if (out.count_ <= kMostPacked && out.texts_.size() < kMostPacked - 1) out.pack();
  return out;
}

void Charsmap::pack() {
  targets_.resize(count_), labels_.resize(count_), leaves_.resize(count_);
  for (size_t i = 0; i < count_; ++i) {
    const bool value = (units_[i] & kIsValue) != 0;
    const uint32_t target = value ? value_of(units_[i]) : offset_of(units_[i]);
    targets_[i] = static_cast<uint16_t>(std::min(target, kMostPacked - 1));  // no text is so far back
    leaves_[i] = has_leaf(units_[i]);
    labels_[i] = value || target >= kMostPacked ? 0 : static_cast<uint8_t>(units_[i]);  // whatever leads outside leads nowhere
  }
  units_ = std::vector<uint32_t>();
}

template <bool packed>
std::optional<Charsmap::Match> Charsmap::find_in(std::string_view text, bool first) const noexcept {
  std::optional<Match> out;
  const auto take = [&](uint32_t node, size_t length) {
    const size_t begin = node >= count_ ? SIZE_MAX : packed ? targets_[node] : value_of(units_[node]);
    if (begin > texts_.size() || (begin < texts_.size() && !starts_code(texts_[begin]))) return;
    out = Match{length, std::string_view(texts_.data() + begin, strnlen(texts_.data() + begin, texts_.size() - begin))};
  };
  uint32_t node = root_;
  for (size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    node ^= byte;
    if (node >= count_ || byte == 0 || (packed ? labels_[node] : label_of(units_[node])) != byte) break;
    const bool leaf = packed ? leaves_[node] : has_leaf(units_[node]);
    node ^= packed ? targets_[node] : offset_of(units_[node]);
    if (leaf) take(node, at + 1);
    if (out && first) break;
  }
  return out;
}

std::optional<Charsmap::Match> Charsmap::find(std::string_view text, bool first) const noexcept {
  return units_.empty() ? find_in<true>(text, first) : find_in<false>(text, first);
}

}  // namespace nacre
