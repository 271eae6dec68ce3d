// Large uniform parts of a document as columns of views into its text, instead of a node each: a vocabulary has 250,000
// entries, its merges twice as many. For this room's json.cpp.
//
//     if (std::optional<JsonCut> cut = cut_tables(text)) parse(cut->rest);     // with a stand-in for each table
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nacre {

/// One of the lists has the entries.
struct JsonTable {
  std::vector<std::pair<std::string_view, int64_t>> integers;        ///< {"text": 1, ...}
  std::vector<std::pair<std::string_view, double>> scores;           ///< [["text", 1.5], ...]
  std::vector<std::string_view> texts;                               ///< ["text", ...]
  std::vector<std::pair<std::string_view, std::string_view>> pairs;  ///< [["text", "text"], ...]
  std::string_view source;                                           ///< as the text has it
  bool is_object() const noexcept { return !integers.empty(); }
  size_t size() const noexcept { return integers.size() + scores.size() + texts.size() + pairs.size(); }
};

struct JsonCut {
  struct Place {
    std::vector<std::string> keys;  ///< from the document on
    size_t table;
  };
  std::deque<JsonTable> tables;
  std::vector<Place> places;
  std::deque<std::string> decoded;  ///< texts that had escapes
  std::string rest;
};

/// A number of JSON as serde_json reads it: its first 64 bits of digits, then one multiplication or division by a power of ten.
double serde_number(std::string_view number);

/// The text in the place of a table.
std::string stand_in(size_t table);

/// Tables in the members of the document and of the objects in it. None when there are none, or when the text is broken in a
/// way that was noticed: then the parser says how.
std::optional<JsonCut> cut_tables(std::string_view text);

}  // namespace nacre
