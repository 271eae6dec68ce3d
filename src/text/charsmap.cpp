#include "text/charsmap.h"

#include <cstring>

#include "text/unicode.h"

namespace nacre {
namespace {

// A unit of Darts-clone's double array: https://github.com/s-yata/darts-clone.
constexpr bool has_leaf(uint32_t unit) { return (unit >> 8) & 1; }
constexpr uint32_t value_of(uint32_t unit) { return unit & 0x7FFFFFFF; }
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
  out.units_.resize(trie / 4);
  for (size_t i = 0; i < out.units_.size(); ++i) out.units_[i] = read_little(blob.data() + 4 + 4 * i);
  out.texts_ = blob.substr(4 + trie);
  if (const auto bad = find_invalid_utf8(out.texts_))
    return fail(ErrorCode::invalid_model, "charsmap: its texts are not UTF-8 at byte ", *bad);
  return out;
}

std::optional<Charsmap::Match> Charsmap::find(std::string_view text, bool first) const noexcept {
  std::optional<Match> out;
  if (units_.empty()) return out;
  const auto take = [&](uint32_t node, size_t length) {
    const size_t begin = node < units_.size() ? value_of(units_[node]) : SIZE_MAX;
    if (begin > texts_.size() || (begin < texts_.size() && !starts_code(texts_[begin]))) return;
    out = Match{length, std::string_view(texts_.data() + begin, strnlen(texts_.data() + begin, texts_.size() - begin))};
  };
  uint32_t node = offset_of(units_[0]);
  for (size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    node ^= byte;
    if (node >= units_.size() || label_of(units_[node]) != byte || byte == 0) break;
    const uint32_t unit = units_[node];
    node ^= offset_of(unit);
    if (has_leaf(unit)) take(node, at + 1);
    if (out && first) break;
  }
  return out;
}

}  // namespace nacre
