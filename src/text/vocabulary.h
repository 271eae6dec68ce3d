// Tokens and their ids: one block of memory for all strings, and some ten bytes a token beside them.
//
//     const Vocabulary vocabulary = NACRE_TRY(Vocabulary::load(NACRE_TRY(json.at("vocab"))));
//     std::optional<uint32_t> id = vocabulary.find("hello");
//     std::string_view token = vocabulary.token(7592);       // empty when there is none
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

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

/// Strings to numbers, open addressing. The strings live elsewhere, as long as the index.
class StringIndex {
 public:
  void reserve(size_t count);
  /// The last value of equal keys counts.
  void set(std::string_view key, uint32_t value);
  std::optional<uint32_t> find(std::string_view key) const noexcept { return find(key, PrefixHash::of(key)); }
  std::optional<uint32_t> find(std::string_view key, uint32_t hash) const noexcept;
  size_t size() const noexcept { return size_; }
  size_t longest() const noexcept { return longest_; }  ///< bytes of the longest key

 private:
  struct Slot {
    const char* text = nullptr;
    uint32_t length = 0, hash = 0, value = 0;
  };
  Slot& slot_of(std::string_view key, uint32_t hash) noexcept;
  std::vector<Slot> slots_;
  size_t size_ = 0, longest_ = 0;
};

class Vocabulary {
 public:
  static constexpr uint32_t kNoId = UINT32_MAX;

  Vocabulary() = default;
  /// Ids are places in the list; of equal tokens the last one is found.
  explicit Vocabulary(const std::vector<std::string_view>& tokens);
  /// From an object {"token": id}.
  static Result<Vocabulary> load(const Json& entries);

  std::optional<uint32_t> find(std::string_view token) const noexcept { return find({}, token, PrefixHash::of(token)); }
  /// Of the head and the tail joined, whose hash it is.
  std::optional<uint32_t> find(std::string_view head, std::string_view tail, uint32_t hash) const noexcept;
  /// Of many tokens at once, kNoId where there is none: a look-up waits for memory, and here several wait together.
  void find_each(std::span<const std::string_view> tokens, std::span<uint32_t> ids) const noexcept;
  /// True when the id's token is the head and the tail joined.
  bool is_joined(uint32_t id, std::string_view head, std::string_view tail) const noexcept;
  /// Empty when no token has the id.
  std::string_view token(uint32_t id) const noexcept {
    if (!has(id)) return {};
    const char* const text = bytes_.data() + starts_[id];
    uint32_t length = static_cast<unsigned char>(text[-1]);
    if (length == kLong) std::memcpy(&length, text - 5, sizeof length);
    return {text, length};
  }
  bool has(uint32_t id) const noexcept { return id < starts_.size() && starts_[id] != kNone; }
  size_t size() const noexcept { return size_; }
  size_t longest() const noexcept { return longest_; }         ///< bytes of the longest token
  size_t id_limit() const noexcept { return starts_.size(); }  ///< above every id
  /// Views by id, those without a token have no data.
  std::vector<std::string_view> tokens() const;

 private:
  static constexpr uint32_t kNone = kNoId, kLong = 255;
  void reserve(size_t bytes, size_t ids, size_t count);
  template <class Entries>
  void set_all(const Entries& entries);
  void set(std::string_view token, uint32_t id, uint32_t hash);
  uint32_t& slot_of(std::string_view head, std::string_view tail, uint32_t hash) noexcept;
  size_t place_of(uint32_t hash) const noexcept { return static_cast<size_t>((uint64_t{hash} * slots_.size()) >> 32); }

  // Each token behind its length in one byte, or 255 behind four. A string would move its bytes with the vocabulary, this does not.
  std::vector<char> bytes_;
  std::vector<uint32_t> starts_;  // by id, of the bytes
  std::vector<uint32_t> slots_;   // ids by hash, eight bits of which are above the id
  size_t size_ = 0, longest_ = 0;
};

}  // namespace nacre
