// Tokens and their ids: one block of memory for all strings, and some ten bytes a token beside them.
//
//     const Vocabulary vocabulary = NACRE_TRY(Vocabulary::load(NACRE_TRY(json.at("vocab"))));
//     std::optional<uint32_t> id = vocabulary.find("hello");
//     std::string_view token = vocabulary.token(7592);       // empty when there is none
//     Vocabulary::of_pieces(tokens).walk("unaffable", [&](size_t length, uint32_t id) { ... });      // "un", "una", ...
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "text/trie.h"

namespace nacre {

class Json;

/// Hash of a string that grows at its end: all prefixes of a word cost one walk.
class PrefixHash {
 public:
  void add(char byte) noexcept { state_ = (state_ ^ static_cast<unsigned char>(byte)) * 0x100000001B3u; }  // FNV-1a
  uint32_t value() const noexcept { return static_cast<uint32_t>((state_ * 0x9E3779B97F4A7C15u) >> 32); }
  static uint32_t of(std::string_view text) noexcept {
    PrefixHash hash;
    for (const char byte : text) hash.add(byte);
    return hash.value();
  }

 private:
  uint64_t state_ = 0xCBF29CE484222325u;
};

class Vocabulary {
  struct KeyOf {
    const Vocabulary& vocabulary;
    std::string_view operator()(uint32_t id) const noexcept { return vocabulary.token(id); }
  };

 public:
  static constexpr uint32_t kNoId = UINT32_MAX;
  static constexpr size_t kMostBytes = (size_t{1} << 31) - 1;  ///< of all tokens together

  Vocabulary() = default;
  /// Found through a trie. Ids are places in the list; of equal tokens the last one is found, and none of `hidden`. At most
  /// kMostBytes.
  static Vocabulary of_pieces(std::span<const std::string_view> tokens, std::span<const uint32_t> hidden = {});
  /// From an object {"token": id}.
  static Result<Vocabulary> load(const Json& entries);

  std::optional<uint32_t> find(std::string_view token) const noexcept {
    return trie_ ? trie_->find(token, KeyOf{*this}) : find({}, token, PrefixHash::of(token));
  }
  /// Of the head and the tail joined, whose hash it is. Not of pieces.
  std::optional<uint32_t> find(std::string_view head, std::string_view tail, uint32_t hash) const noexcept;
  /// Of many tokens at once, kNoId where there is none: a look-up waits for memory, and here several wait together. Not of pieces.
  void find_each(std::span<const std::string_view> tokens, std::span<uint32_t> ids) const noexcept;
  /// Of pieces: found(length, id) for all that the text starts with, the shortest first.
  template <class Found>
  void walk(std::string_view text, Found&& found) const {
    if (trie_) trie_->walk(text, KeyOf{*this}, found);
  }
  /// True when the id's token is the head and the tail joined.
  bool is_joined(uint32_t id, std::string_view head, std::string_view tail) const noexcept;
  /// Empty when no token has the id.
  std::string_view token(uint32_t id) const noexcept {
    if (!has(id)) return {};
    return {bytes_.data() + starts_[id], (starts_[id + 1] & ~kAbsent) - starts_[id]};
  }
  bool has(uint32_t id) const noexcept { return id < id_limit() && !(starts_[id] & kAbsent); }
  size_t size() const noexcept { return size_; }
  size_t longest() const noexcept { return longest_; }                                   ///< bytes of the longest token
  size_t id_limit() const noexcept { return starts_.empty() ? 0 : starts_.size() - 1; }  ///< above every id

 private:
  static constexpr uint32_t kNone = kNoId, kAbsent = uint32_t{1} << 31;
  template <class Entries>
  void write_tokens(const Entries& entries);
  template <class Entries>
  void index(const Entries& entries);
  void index(std::string_view token, uint32_t id, uint32_t hash);
  uint32_t& slot_of(std::string_view head, std::string_view tail, uint32_t hash) noexcept;
  size_t place_of(uint32_t hash) const noexcept { return static_cast<size_t>((uint64_t{hash} * slots_.size()) >> 32); }

  // In the order of ids. A string would move its bytes with the vocabulary, this does not.
  std::vector<char> bytes_;
  std::vector<uint32_t> starts_;  // by id, of the bytes, and the end; kAbsent is set where no token has the id
  std::vector<uint32_t> slots_;   // ids by hash, eight bits of which are above the id; pieces have a trie instead
  std::unique_ptr<const PrefixTrie> trie_;
  size_t size_ = 0, longest_ = 0;
};

}  // namespace nacre
