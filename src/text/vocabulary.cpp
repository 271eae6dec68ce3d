#include "text/vocabulary.h"

#include <algorithm>
#include <cstring>

#include "io/json.h"

namespace nacre {
namespace {

// Ids index tables, and share a word with eight bits of a hash; the largest vocabularies have a quarter of a million.
constexpr int64_t kMostIds = (int64_t{1} << 24) - 1;

constexpr size_t kBlock = 32;  // look-ups that wait for memory together

template <class Word>
Word load_word(const char* at) noexcept {
  Word out;
  std::memcpy(&out, at, sizeof out);
  return out;
}

/// Tokens are short: two overlapping words instead of a call.
bool are_same(const char* a, const char* b, size_t size) noexcept {
  const auto overlap = [&]<class Word>(Word) {
    const size_t last = size - sizeof(Word);
    return load_word<Word>(a) == load_word<Word>(b) && load_word<Word>(a + last) == load_word<Word>(b + last);
  };
  if (size > 16) return std::memcmp(a, b, size) == 0;
  if (size >= 8) return overlap(uint64_t{});
  if (size >= 4) return overlap(uint32_t{});
  if (size >= 2) return overlap(uint16_t{});
  return size == 0 || *a == *b;
}

}  // namespace

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
  return has(id) && whole.size() == head.size() + tail.size() && are_same(whole.data(), head.data(), head.size()) &&
         are_same(whole.data() + head.size(), tail.data(), tail.size());
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

template <class Entries>
void Vocabulary::write_tokens(const Entries& entries) {
  // First the entry of each id, the last of several; then where its token starts.
  for (uint32_t entry = 0; entry < entries.size(); ++entry) starts_[static_cast<size_t>(entries[entry].second)] = entry;
  for (size_t id = 0; id < id_limit(); ++id) {
    const uint32_t entry = starts_[id];
    starts_[id] = static_cast<uint32_t>(bytes_.size()) | (entry == kNone ? kAbsent : 0u);
    if (entry == kNone) continue;
    const std::string_view token = entries[entry].first;
    bytes_.insert(bytes_.end(), token.begin(), token.end());
    longest_ = std::max(longest_, token.size());
  }
  starts_.back() = static_cast<uint32_t>(bytes_.size());
}

void Vocabulary::index(std::string_view token, uint32_t id, uint32_t hash) {
  uint32_t& slot = slot_of({}, token, hash);
  size_ += slot == kNone;
  slot = id | hash << 24;
}

/// Of pairs of a token and its id.
template <class Entries>
void Vocabulary::index(const Entries& entries) {
  slots_.assign(entries.size() + entries.size() / 3 + 2, kNone);
  uint32_t hashes[kBlock];
  for (size_t begin = 0; begin < entries.size(); begin += kBlock) {
    const size_t count = std::min(kBlock, entries.size() - begin);
    for (size_t i = 0; i < count; ++i) {
      hashes[i] = PrefixHash::of(entries[begin + i].first);
      __builtin_prefetch(&slots_[place_of(hashes[i])], 1);
    }
    for (size_t i = 0; i < count; ++i) index(entries[begin + i].first, static_cast<uint32_t>(entries[begin + i].second), hashes[i]);
  }
}

Vocabulary Vocabulary::of_pieces(std::span<const std::string_view> tokens, std::span<const uint32_t> hidden) {
  Vocabulary out;
  size_t bytes = 0;
  for (const std::string_view token : tokens) bytes += token.size();
  out.bytes_.reserve(bytes);
  out.starts_.reserve(tokens.size() + 1);
  for (const std::string_view token : tokens) {
    out.starts_.push_back(static_cast<uint32_t>(out.bytes_.size()));
    out.bytes_.insert(out.bytes_.end(), token.begin(), token.end());
    out.longest_ = std::max(out.longest_, token.size());
  }
  out.starts_.push_back(static_cast<uint32_t>(bytes));
  std::vector<std::string_view> keys;
  if (!hidden.empty()) {
    keys.assign(tokens.begin(), tokens.end());
    for (const uint32_t id : hidden) keys[id] = {};
    tokens = keys;
  }
  out.trie_ = std::make_unique<PrefixTrie>(tokens);
  out.size_ = out.trie_->size();
  return out;
}

Result<Vocabulary> Vocabulary::load(const Json& json) {
  const auto entries = NACRE_TRY(json.integer_entries());
  Vocabulary out;
  size_t bytes = 0;
  int64_t last = -1;
  for (const auto& [token, id] : entries) {
    if (id < 0 || id >= kMostIds)
      return fail(ErrorCode::invalid_argument, json.path(), ".", token, ": id ", id, " is outside [0, ", kMostIds, ")");
    bytes += token.size();
    last = std::max(last, id);
  }
  if (bytes > kMostBytes)
    return fail(ErrorCode::resource_exhausted, json.path(), ": tokens of ", bytes, " bytes, the limit is ", kMostBytes);
  out.bytes_.reserve(bytes);
  out.starts_.assign(static_cast<size_t>(last + 2), kNone);
  out.write_tokens(entries);
  out.index(entries);
  return out;
}

}  // namespace nacre
