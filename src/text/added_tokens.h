// Tokens that are found in the text before anything else, whole: "[MASK]", "<|im_start|>".
//
//     AddedTokens added;
//     added.add({.content = "[MASK]", .special = true}, model.vocabulary());
//     added.refresh(normalizer);
//     added.split_raw(text, [&](std::optional<uint32_t> id, ByteRange range) { ... });
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/function_ref.h"
#include "text/component.h"

namespace nacre {

struct AddedToken {
  std::string content;
  bool single_word = false;  ///< only where no word character touches it
  bool lstrip = false;       ///< takes the white space before it along
  bool rstrip = false;
  bool normalized = true;  ///< matched in the normalised text, itself normalised
  bool special = false;    ///< left out when decoding without special tokens
  static Result<AddedToken> load(const Json& json);
};

/// Finds the leftmost of several strings in a text, and of those the longest (Aho and Corasick's automaton).
class StringFinder {
 public:
  struct Match {
    uint32_t begin, end, value;
  };
  void clear();
  void add(std::string_view text, uint32_t value);
  /// After the last add.
  void finish();
  std::optional<Match> find(std::string_view text, uint32_t from) const noexcept;
  bool empty() const noexcept { return nodes_.size() <= 1; }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  struct Node {
    uint32_t child = kNone, sibling = kNone, value = kNone;
    uint32_t depth = 0;
    uint32_t shorter = 0;  // the longest proper suffix that is a node
    uint32_t found = 0;    // the longest suffix, this node included, that is a whole string; 0: none
    char byte = 0;
  };
  uint32_t child_of(uint32_t node, char byte) const noexcept;
  uint32_t step(uint32_t node, char byte) const noexcept;
  std::vector<Node> nodes_{1};
  bool starts_[256] = {};
};

class AddedTokens {
 public:
  using Part = FunctionRef<void(std::optional<uint32_t> id, ByteRange range)>;

  /// The id: the vocabulary's for a token it has, the next free one otherwise. None for an empty or known token.
  std::optional<uint32_t> add(AddedToken token, const Vocabulary& vocabulary);
  /// Bytes of all tokens together.
  size_t bytes() const noexcept { return bytes_; }
  /// After additions: makes the tables anew.
  void refresh(const Normalizer* normalizer);

  /// Cuts a text into tokens and what is between them, in order; nothing empty comes.
  void split_raw(std::string_view text, Part part) const { split(raw_, text, part); }
  void split_normalized(std::string_view text, Part part) const { split(normalized_, text, part); }
  bool any_normalized() const noexcept { return !normalized_.empty(); }

  const AddedToken* find(uint32_t id) const noexcept;
  std::optional<uint32_t> find(std::string_view content) const noexcept;
  bool is_special(std::string_view content) const noexcept;
  size_t size() const noexcept { return by_id_.size(); }
  /// How many ids are outside the vocabulary.
  size_t beyond(const Vocabulary& vocabulary) const noexcept;

 private:
  void split(const StringFinder& finder, std::string_view text, Part part) const;
  std::map<uint32_t, AddedToken> by_id_;
  std::map<std::string, uint32_t, std::less<>> ids_;
  StringFinder raw_, normalized_;
  size_t bytes_ = 0;
};

}  // namespace nacre
