#include "text/vocabulary.h"

#include <algorithm>
#include <bit>

#include "io/json.h"

namespace nacre {
namespace {

// Ids index tables; the largest vocabularies have a quarter of a million. A lying id must not ask for gigabytes.
constexpr int64_t kMostIds = int64_t{1} << 24;

}  // namespace

void StringIndex::reserve(size_t count) {
  std::vector<Slot> old(std::bit_ceil(std::max<size_t>(count, 8) * 2));
  std::swap(old, slots_);
  for (const Slot& slot : old)
    if (slot.text) slot_of({slot.text, slot.length}, slot.hash) = slot;
}

StringIndex::Slot& StringIndex::slot_of(std::string_view key, uint32_t hash) noexcept {
  const size_t mask = slots_.size() - 1;
  size_t at = hash & mask;
  while (slots_[at].text && (slots_[at].hash != hash || std::string_view(slots_[at].text, slots_[at].length) != key)) at = (at + 1) & mask;
  return slots_[at];
}

void StringIndex::set(std::string_view key, uint32_t value) {
  if ((size_ + 1) * 2 > slots_.size()) reserve(size_ + 1);
  const uint32_t hash = PrefixHash::of(key);
  Slot& slot = slot_of(key, hash);
  size_ += slot.text == nullptr;
  slot = {key.data(), static_cast<uint32_t>(key.size()), hash, value};
  longest_ = std::max(longest_, key.size());
}

std::optional<uint32_t> StringIndex::find(std::string_view key, uint32_t hash) const noexcept {
  if (slots_.empty()) return std::nullopt;
  const Slot& slot = const_cast<StringIndex*>(this)->slot_of(key, hash);
  return slot.text ? std::optional(slot.value) : std::nullopt;
}

void Vocabulary::reserve(size_t bytes, size_t ids, size_t count) {
  bytes_.reserve(bytes);
  tokens_.resize(ids);
  index_.reserve(count);
}

void Vocabulary::set(std::string_view token, uint32_t id) {
  const std::string_view kept(bytes_.data() + bytes_.size(), token.size());
  bytes_.insert(bytes_.end(), token.begin(), token.end());
  tokens_[id] = kept;
  index_.set(kept, id);
}

Vocabulary::Vocabulary(const std::vector<std::string_view>& tokens) {
  size_t bytes = 1;
  for (const std::string_view token : tokens) bytes += token.size();
  reserve(bytes, tokens.size(), tokens.size());
  for (uint32_t id = 0; id < tokens.size(); ++id) set(tokens[id], id);
}

Result<Vocabulary> Vocabulary::load(const Json& json) {
  const auto entries = NACRE_TRY(json.integer_entries());
  Vocabulary out;
  size_t bytes = 1;  // so that an empty token has a place too
  int64_t last = -1;
  for (const auto& [token, id] : entries) {
    if (id < 0 || id >= kMostIds)
      return fail(ErrorCode::invalid_argument, json.path(), ".", token, ": id ", id, " is outside [0, ", kMostIds, ")");
    bytes += token.size();
    last = std::max(last, id);
  }
  out.reserve(bytes, static_cast<size_t>(last + 1), entries.size());
  for (const auto& [token, id] : entries) out.set(token, static_cast<uint32_t>(id));
  return out;
}

}  // namespace nacre
