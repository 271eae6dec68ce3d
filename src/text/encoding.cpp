#include "text/encoding.h"

#include <algorithm>

#include "io/json.h"

namespace nacre {
namespace {

/// Calls `apply` with each list of one or two encodings.
template <class Apply>
void for_lists(Encoding& a, const Encoding& b, Apply apply) {
  apply(a.ids, b.ids);
  apply(a.type_ids, b.type_ids);
  apply(a.tokens, b.tokens);
  apply(a.offsets, b.offsets);
  apply(a.byte_offsets, b.byte_offsets);
  apply(a.word_ids, b.word_ids);
  apply(a.special_tokens_mask, b.special_tokens_mask);
  apply(a.attention_mask, b.attention_mask);
}

void append_lists(Encoding& a, const Encoding& b) {
  const auto moved = static_cast<uint32_t>(a.size());
  for (const auto& [sequence, range] : b.sequence_ranges) a.set_sequence(sequence, {range.begin + moved, range.end + moved});
  for_lists(a, b, [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); });
  a.texts.insert(a.texts.end(), b.texts.begin(), b.texts.end());
  if (!a.pad_token) a.pad_token = b.pad_token;
}

Encoding joined(const Encoding& a, const Encoding& b) {
  Encoding out = a.slice(0, a.size());
  out.sequence_ranges = a.sequence_ranges;
  append_lists(out, b);
  return out;
}

}  // namespace

void Encoding::reserve(size_t count) {
  for_lists(*this, *this, [&](auto& list, const auto&) { list.reserve(count); });
}

void Encoding::set_sequence(uint32_t sequence, ByteRange range) {
  for (SequenceRange& known : sequence_ranges)
    if (known.sequence == sequence) return void(known.tokens = range);
  sequence_ranges.push_back({sequence, range});
}

void Encoding::write_sequence_ids() {
  for (Encoding& rest : overflow) rest.write_sequence_ids();
  sequence_ids.assign(size(), -1);
  const size_t count = std::max<size_t>(sequence_ranges.size(), 1);
  for (uint32_t sequence = 0; sequence < count; ++sequence) {
    ByteRange range{0, static_cast<uint32_t>(size())};
    for (const SequenceRange& known : sequence_ranges)
      if (known.sequence == sequence) range = known.tokens;
    std::fill(sequence_ids.begin() + range.begin, sequence_ids.begin() + range.end, static_cast<int32_t>(sequence));
  }
}

void Encoding::push_special(uint32_t id, std::string_view token, uint32_t type_id) {
  ids.push_back(id);
  type_ids.push_back(type_id);
  tokens.push_back(token);
  offsets.emplace_back();
  byte_offsets.emplace_back();
  word_ids.push_back(-1);
  special_tokens_mask.push_back(1);
  attention_mask.push_back(1);
}

Encoding Encoding::slice(size_t begin, size_t end) const {
  Encoding out;
  for_lists(out, *this, [&](auto& to, const auto& from) { to.assign(from.begin() + begin, from.begin() + end); });
  out.texts = texts;
  return out;
}

void Encoding::append(const Encoding& other) {
  std::vector<Encoding> windows;
  for (const Encoding& mine : overflow) {
    windows.push_back(joined(mine, other));
    for (const Encoding& theirs : other.overflow) windows.push_back(joined(mine, theirs));
  }
  for (const Encoding& theirs : other.overflow) windows.push_back(joined(*this, theirs));
  append_lists(*this, other);
  overflow = std::move(windows);
}

std::optional<size_t> Encoding::char_to_token(uint32_t character, int32_t sequence) const {
  for (size_t i = 0; i < size(); ++i)
    if (sequence_ids[i] == sequence && offsets[i].begin <= character && character < offsets[i].end) return i;
  return std::nullopt;
}

std::optional<uint32_t> Encoding::char_to_word(uint32_t character, int32_t sequence) const {
  const auto token = char_to_token(character, sequence);
  if (!token || word_ids[*token] < 0) return std::nullopt;
  return static_cast<uint32_t>(word_ids[*token]);
}

std::optional<ByteRange> Encoding::token_to_chars(size_t token) const {
  if (token >= size() || sequence_ids[token] < 0) return std::nullopt;
  return offsets[token];
}

std::optional<ByteRange> Encoding::word_to_tokens(uint32_t word, int32_t sequence) const {
  std::optional<ByteRange> out;
  for (uint32_t i = 0; i < size(); ++i) {
    if (sequence_ids[i] != sequence || word_ids[i] != static_cast<int32_t>(word)) continue;
    out = ByteRange{out ? out->begin : i, i + 1};
  }
  return out;
}

std::optional<ByteRange> Encoding::word_to_chars(uint32_t word, int32_t sequence) const {
  const auto tokens_of = word_to_tokens(word, sequence);
  if (!tokens_of) return std::nullopt;
  return ByteRange{offsets[tokens_of->begin].begin, offsets[tokens_of->end - 1].end};
}

}  // namespace nacre
