// What the tests against the reference's results share: its corpus, its tokenizers, comparisons of encodings.
#pragma once

#include <algorithm>

#include "tests/shared.h"
#include "tests/text/skeletons.h"
#include "text/tokenizer.h"

namespace nacre {

using Numbers = std::vector<int64_t>;

template <class T>
Numbers numbers(const std::vector<T>& list) {
  return {list.begin(), list.end()};
}
inline Numbers numbers(const Json& json, std::string_view key) { return json.has(key) ? *json.at(key)->integers() : Numbers(); }

inline Numbers flat(const std::vector<ByteRange>& ranges) {
  Numbers out;
  for (const ByteRange& range : ranges) out.insert(out.end(), {range.begin, range.end});
  return out;
}

/// Word or sequence ids, with null as -1.
inline Numbers with_null(const Json& list) {
  Numbers out;
  for (const Json& entry : *list.elements()) out.push_back(entry.is_null() ? -1 : *entry.integer());
  return out;
}

inline Numbers special_positions(const Encoding& encoding) {
  Numbers out;
  for (size_t i = 0; i < encoding.size(); ++i)
    if (encoding.special_tokens_mask[i]) out.push_back(static_cast<int64_t>(i));
  return out;
}

inline std::vector<std::string> texts_of(const Encoding& encoding) { return {encoding.tokens.begin(), encoding.tokens.end()}; }

inline const std::vector<std::string>& corpus() {
  static const std::vector<std::string> texts = [] {
    std::vector<std::string> out;
    for (const Json& line : read_json_lines(shared_path("tokenizers/corpus.jsonl.gz"))) out.emplace_back(*line.text("text"));
    return out;
  }();
  return texts;
}

inline Result<Tokenizer> try_golden_tokenizer(const std::string& name) {
  const std::string& json = golden_tokenizer_json(name);
  if (json.empty()) return fail(ErrorCode::unsupported, name, " has no tokenizer.json");
  return Tokenizer::parse(json);
}

inline Tokenizer load_golden_tokenizer(const std::string& name) {
  auto tokenizer = try_golden_tokenizer(name);
  if (!tokenizer) throw tokenizer.error();
  return std::move(*tokenizer);
}

/// The folders that have a file; one that is none, so that its tests say why they skip, without the shared data.
inline std::vector<std::string> golden_folders(const std::string& file) {
  std::vector<std::string> out;
  if (const auto names = list_directory(shared_path("tokenizers")))
    for (const std::string& name : *names)
      if (is_file(shared_path("tokenizers/" + name + "/" + file))) out.push_back(name);
  std::sort(out.begin(), out.end());
  if (out.empty()) out.push_back("none");
  return out;
}

inline std::string golden_name(const testing::TestParamInfo<std::string>& info) {
  std::string out = info.param;
  for (char& c : out)
    if (c == '-' || c == '.') c = '_';
  return out;
}

// One lambda per claim would hide which golden line failed: everything of a line is compared and named.
#define NACRE_SAME(a, b) EXPECT_EQ(a, b) << where

inline void check_encoding(const Encoding& got, const Json& want, const std::string& where) {
  NACRE_SAME(numbers(got.ids), numbers(want, "ids"));
  NACRE_SAME(flat(got.offsets), numbers(want, "off"));
  const bool bytes_given = want.has("boff");
  if (bytes_given || want.at("boff")) NACRE_SAME(flat(got.byte_offsets), numbers(want, bytes_given ? "boff" : "off"));
  if (want.has("tok")) NACRE_SAME(texts_of(got), *want.at("tok")->texts());
  if (want.has("wid")) NACRE_SAME(numbers(got.word_ids), with_null(*want.at("wid")));
  if (want.has("seq")) NACRE_SAME(numbers(got.sequence_ids), with_null(*want.at("seq")));
  if (want.at("type")) NACRE_SAME(numbers(got.type_ids), want.has("type") ? numbers(want, "type") : Numbers(got.size()));
  if (want.has("mask")) NACRE_SAME(numbers(got.attention_mask), numbers(want, "mask"));
}

}  // namespace nacre
