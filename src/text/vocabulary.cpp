#include "text/vocabulary.h"

#include <algorithm>
#include <bit>

#include "io/json.h"

namespace nacre {
namespace {

// Ids index tables, and share a word with eight bits of a hash; the largest vocabularies have a quarter of a million.
constexpr int64_t kMostIds = (int64_t{1} << 24) - 1;

constexpr size_t kBlock = 32;  // look-ups that wait for memory together

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

uint32_t& Vocabulary::slot_of(std::string_view head, std::string_view tail, uint32_t hash) noexcept {
  size_t at = place_of(hash);
  while (slots_[at] != kNone) {
    const bool alike = slots_[at] >> 24 == (hash & 0xFF);
    if (alike && is_joined(slots_[at] & 0xFFFFFF, head, tail)) break;
    if (++at == slots_.size()) at = 0;
  }
  return slots_[at];
}

std::optional<uint32_t> Vocabulary::find(std::string_view head, std::string_view tail, uint32_t hash) const noexcept {
  if (slots_.empty()) return std::nullopt;
  const uint32_t slot = const_cast<Vocabulary*>(this)->slot_of(head, tail, hash);
  return slot == kNone ? std::nullopt : std::optional(slot & 0xFFFFFF);
}

bool Vocabulary::is_joined(uint32_t id, std::string_view head, std::string_view tail) const noexcept {
  const std::string_view whole = token(id);
  return has(id) && whole.size() == head.size() + tail.size() && whole.ends_with(tail) && whole.starts_with(head);
}

void Vocabulary::find_each(std::span<const std::string_view> tokens, std::span<uint32_t> ids) const noexcept {
  uint32_t hashes[kBlock];
  for (size_t begin = 0; begin < tokens.size(); begin += kBlock) {
    const size_t count = std::min(kBlock, tokens.size() - begin);
    const auto guess = [&](size_t i) { return slots_[place_of(hashes[i])] & 0xFFFFFF; };  // the one it most likely is
    for (size_t i = 0; i < count; ++i) {
      hashes[i] = PrefixHash::of(tokens[begin + i]);
      if (!slots_.empty()) __builtin_prefetch(&slots_[place_of(hashes[i])]);
    }
    for (size_t i = 0; i < count && !slots_.empty(); ++i)
      if (guess(i) < starts_.size()) __builtin_prefetch(&starts_[guess(i)]);
    for (size_t i = 0; i < count && !slots_.empty(); ++i)
      if (has(guess(i))) __builtin_prefetch(bytes_.data() + starts_[guess(i)] - 1);
    for (size_t i = 0; i < count; ++i) ids[begin + i] = find({}, tokens[begin + i], hashes[i]).value_or(kNoId);
  }
}

std::vector<std::string_view> Vocabulary::tokens() const {
  std::vector<std::string_view> out(starts_.size());
  for (uint32_t id = 0; id < out.size(); ++id) out[id] = token(id);
  return out;
}

void Vocabulary::reserve(size_t bytes, size_t ids, size_t count) {
  bytes_.reserve(bytes);
  starts_.assign(ids, kNone);
  slots_.assign(count + count / 3 + 2, kNone);
}

void Vocabulary::set(std::string_view token, uint32_t id, uint32_t hash) {
  const auto length = static_cast<uint32_t>(token.size());
  if (length >= kLong) {
    char four[sizeof length];
    std::memcpy(four, &length, sizeof length);
    bytes_.insert(bytes_.end(), four, four + sizeof four);
  }
  bytes_.push_back(static_cast<char>(std::min(length, kLong)));
  const auto start = static_cast<uint32_t>(bytes_.size());
  bytes_.insert(bytes_.end(), token.begin(), token.end());
  uint32_t& slot = slot_of({}, token, hash);
  size_ += slot == kNone;
  slot = id | hash << 24;
  starts_[id] = start;
  longest_ = std::max(longest_, token.size());
}

/// Of pairs of a token and its id.
template <class Entries>
void Vocabulary::set_all(const Entries& entries) {
  uint32_t hashes[kBlock];
  for (size_t begin = 0; begin < entries.size(); begin += kBlock) {
    const size_t count = std::min(kBlock, entries.size() - begin);
    for (size_t i = 0; i < count; ++i) {
      hashes[i] = PrefixHash::of(entries[begin + i].first);
      __builtin_prefetch(&slots_[place_of(hashes[i])], 1);
    }
    for (size_t i = 0; i < count; ++i) set(entries[begin + i].first, static_cast<uint32_t>(entries[begin + i].second), hashes[i]);
  }
}

Vocabulary::Vocabulary(const std::vector<std::string_view>& tokens) {
  size_t bytes = 0;
  for (const std::string_view token : tokens) bytes += token.size() + 1 + (token.size() >= kLong) * 4;
  reserve(bytes, tokens.size(), tokens.size());
  for (uint32_t id = 0; id < tokens.size(); ++id) set(tokens[id], id, PrefixHash::of(tokens[id]));
}

Result<Vocabulary> Vocabulary::load(const Json& json) {
  const auto entries = NACRE_TRY(json.integer_entries());
  Vocabulary out;
  size_t bytes = 0;
  int64_t last = -1;
  for (const auto& [token, id] : entries) {
    if (id < 0 || id >= kMostIds)
      return fail(ErrorCode::invalid_argument, json.path(), ".", token, ": id ", id, " is outside [0, ", kMostIds, ")");
    bytes += token.size() + 1 + (token.size() >= kLong) * 4;
    last = std::max(last, id);
  }
  out.reserve(bytes, static_cast<size_t>(last + 1), entries.size());
  out.set_all(entries);
  return out;
}

}  // namespace nacre
