// Pieces by their prefixes, against a walk over all of them; scores to the last bit.
#include "text/vocabulary.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>

#include "text/scores.h"

namespace nacre {
namespace {

using Matches = std::map<size_t, uint32_t>;  // lengths to ids

Matches walked(const Vocabulary& vocabulary, std::string_view text) {
  Matches out;
  vocabulary.walk(text, [&](size_t length, uint32_t id) { EXPECT_TRUE(out.emplace(length, id).second); });
  return out;
}

Matches expected(const std::vector<std::string>& pieces, std::string_view text) {
  Matches out;
  for (uint32_t id = 0; id < pieces.size(); ++id)
    if (!pieces[id].empty() && text.starts_with(pieces[id])) out[pieces[id].size()] = id;
  return out;
}

TEST(Pieces, AWalkFindsAllPrefixesAndNothingElse) {
  uint32_t state = 7;
  const auto random = [&](uint32_t count) { return static_cast<uint32_t>((state = state * 1664525 + 1013904223) >> 8) % count; };
  // Few letters make long shared prefixes, bytes of several kinds wide nodes; a NUL is a letter like others.
  const std::vector<std::string> letters{"a", "b", "\xE2\x96\x81", "\xC3\xA9", std::string(1, '\0'), "\xF0\x9F\x98\x80"};
  const auto word = [&] {
    std::string out;
    for (uint32_t count = random(9); count > 0; --count)
      out += random(8) ? letters[random(6)] : std::string(1, static_cast<char>(32 + random(90)));
    return out;
  };
  std::vector<std::string> pieces;
  for (int count = 0; count < 5000; ++count) pieces.push_back(word());
  const std::vector<std::string_view> views(pieces.begin(), pieces.end());
  const Vocabulary vocabulary = Vocabulary::of_pieces(views);
  for (int count = 0; count < 3000; ++count) {
    const std::string text = count % 2 ? word() + word() : pieces[random(5000)];
    const Matches want = expected(pieces, text);
    EXPECT_EQ(walked(vocabulary, text), want) << text;
    const auto whole = want.find(text.size());
    EXPECT_EQ(vocabulary.find(text), whole == want.end() ? std::nullopt : std::optional(whole->second)) << text;
  }
  for (uint32_t id = 0; id < pieces.size(); ++id) EXPECT_EQ(vocabulary.token(id), pieces[id]);
}

TEST(Pieces, BytesThatNoTextHasFindNothing) {
  const std::vector<std::string_view> pieces{"a", "ab", "abc", "b"};
  const Vocabulary vocabulary = Vocabulary::of_pieces(pieces);
  for (int byte = 0x80; byte < 256; ++byte)
    for (const std::string head : {"", "a", "ab", "abc"})
      EXPECT_EQ(walked(vocabulary, head + static_cast<char>(byte)).size(), head.size()) << byte;
  const std::vector<std::string_view> no_text{"\xFF", "c\xFF", "c\xFF\xFF", "c", "d\xFF"};
  const Vocabulary odd = Vocabulary::of_pieces(no_text);
  for (const std::string_view text : no_text) EXPECT_EQ(odd.find(text), text == "c" ? std::optional(3u) : std::nullopt) << text;
  EXPECT_EQ(odd.find("d"), std::nullopt);
  EXPECT_EQ(Vocabulary::of_pieces({}).find("a"), std::nullopt);
  EXPECT_EQ(Vocabulary().find("a"), std::nullopt);
}

TEST(Pieces, HiddenOnesKeepTheirIdsAndAreNotFound) {
  const std::vector<std::string_view> pieces{"a", "a", "b"};
  const std::vector<uint32_t> hidden{1};
  EXPECT_EQ(Vocabulary::of_pieces(pieces).find("a"), 1u);
  EXPECT_EQ(Vocabulary::of_pieces(pieces, hidden).find("a"), 0u);
  EXPECT_EQ(Vocabulary::of_pieces(pieces, hidden).token(1), "a");
}

void expect_kept(const std::vector<double>& values) {
  const PieceScores scores(values);
  for (uint32_t i = 0; i < values.size(); ++i) EXPECT_EQ(scores[i], values[i]) << i;
}

TEST(Scores, KeepEveryBit) {
  std::vector<double> values;
  for (uint32_t i = 0; i < 3001; ++i)
    values.push_back(std::nextafter(static_cast<double>(-0.0037f * static_cast<float>(i)), i % 3 ? -1 : 0));
  expect_kept(values);
  values[0] = -1.23456789012345;
  values[18] = -1e300;
  values[3000] -= 100;
  expect_kept(values);
  for (double& value : values) value = value * 1.1 - 0.3;
  expect_kept(values);
  expect_kept({});
}

}  // namespace
}  // namespace nacre
