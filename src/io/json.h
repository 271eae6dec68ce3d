// JSON from outside: limits while parsing, and getters whose errors name the place.
//
//     Json config = NACRE_TRY(parse_json(file.text()));
//     int64_t hidden = NACRE_TRY(config.integer("hidden_size"));
//     bool tied = NACRE_TRY(config.boolean("tie_word_embeddings", true));       // absent or null: the fallback
//     for (const auto& [name, shard] : NACRE_TRY(NACRE_TRY(config.at("weight_map")).entries())) ...
//
// Errors read `quantization.bits: expected a number, found "four"`.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"

namespace nacre {

struct JsonLimits {
  int depth = 64;
  size_t bytes = size_t{128} << 20;  // a parsed document takes up to some twenty times its text
  /// Large uniform objects and lists (of integers, scored texts, texts, pairs of texts) become views into the text, which must
  /// then live as long as the document: a vocabulary loads ten times as fast.
  bool views = false;
};

/// A place in a parsed document; copies are cheap and keep the document alive.
class Json {
 public:
  enum class Kind : uint8_t { null, boolean, integer, real, text, list, object };

  Json();  ///< null
  Kind kind() const noexcept;
  bool is_null() const noexcept { return kind() == Kind::null; }
  bool is_list() const noexcept { return kind() == Kind::list; }
  bool is_object() const noexcept { return kind() == Kind::object; }
  bool is_text() const noexcept { return kind() == Kind::text; }
  /// Where this is: "layers[3].name"; empty for the document itself.
  const std::string& path() const noexcept { return path_; }

  /// True when this is an object that has the key, with something other than null.
  bool has(std::string_view key) const noexcept;
  /// Elements of a list, entries of an object, 0 for the rest.
  size_t size() const noexcept;
  Result<Json> at(std::string_view key) const;
  Result<Json> at(size_t index) const;
  Result<std::vector<Json>> elements() const;
  /// Keys in alphabetical order; the views live as long as the document.
  Result<std::vector<std::pair<std::string_view, Json>>> entries() const;
  /// The same of an object whose values are all integers, without a Json for each, in any order: vocabularies have 250,000.
  /// Kept with the document, like the columns below.
  Result<std::span<const std::pair<std::string_view, int64_t>>> integer_entries() const;

  /// A list of ["text", number], of texts, of ["text", "text"], in the same way. The numbers are those that serde_json reads, which
  /// the package tokenizers uses: digits over a power of ten, two roundings where the nearest double has one.
  Result<std::span<const std::pair<std::string_view, double>>> scored_texts() const;
  Result<std::span<const std::string_view>> text_views() const;
  Result<std::span<const std::pair<std::string_view, std::string_view>>> text_pairs() const;

  Result<bool> boolean() const;
  Result<int64_t> integer() const;  ///< a real with a whole value counts: exporters write 1e5
  Result<double> real() const;
  Result<std::string_view> text() const;
  Result<std::vector<int64_t>> integers() const;
  Result<std::vector<std::string>> texts() const;

  // Of an object's key; those with a fallback give it when the key is absent or null.
  Result<bool> boolean(std::string_view key) const;
  Result<int64_t> integer(std::string_view key) const;
  Result<double> real(std::string_view key) const;
  Result<std::string_view> text(std::string_view key) const;
  Result<bool> boolean(std::string_view key, bool fallback) const;
  Result<int64_t> integer(std::string_view key, int64_t fallback) const;
  Result<double> real(std::string_view key, double fallback) const;
  Result<std::string_view> text(std::string_view key, std::string_view fallback) const;

  /// As text without spaces; bytes that are not UTF-8 are replaced.
  std::string dump() const;

 private:
  friend struct JsonAccess;
  std::shared_ptr<const void> document_;
  const void* node_ = nullptr;
  std::string path_;
};

/// Fails (invalid_argument) with line and column. Of equal keys the last one counts.
Result<Json> parse_json(std::string_view text, const JsonLimits& limits = {});

/// `text` with quotes and escapes.
std::string json_quoted(std::string_view text);

}  // namespace nacre
