// Sentence boundaries against Perl's \b{sb} (Unicode 14); tests/data/sentences.json: text, ends in code points.
#include "text/sentences.h"

#include <gtest/gtest.h>

#include "tests/shared.h"
#include "text/unicode.h"

namespace nacre {
namespace {

TEST(Sentences, EndWherePerlHasThem) {
  const auto json = parse_json(read_gz(NACRE_SOURCE_DIR "/tests/data/sentences.json"));
  ASSERT_TRUE(json);
  const auto cases = *json->elements();
  ASSERT_GE(cases.size(), 300u);
  for (const Json& each : cases) {
    const std::string text(*each.at(size_t{0})->text());
    std::vector<int64_t> got;
    for (const uint32_t end : sentence_ends(text)) got.push_back(static_cast<int64_t>(count_codes(std::string_view(text).substr(0, end))));
    EXPECT_EQ(got, *each.at(1)->integers()) << each.dump();
  }
}

TEST(Sentences, NothingHasNone) { EXPECT_TRUE(sentence_ends("").empty()); }

TEST(Sentences, LongRunsTakeLinearTime) {
  std::string text;
  for (int i = 0; i < 300'000; ++i) text += ". 1";
  EXPECT_EQ(sentence_ends(text).back(), text.size());
}

}  // namespace
}  // namespace nacre
