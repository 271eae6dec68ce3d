// Error rates, against jiwer 4.0.0.
#include "nacre/transcript.h"

#include <gtest/gtest.h>

#include "nacre/error.h"

namespace nacre {
namespace {

TEST(Transcript, WordErrorsAreTheFewestSteps) {
  const struct {
    const char *said, *heard;
    int64_t errors, length;
  } cases[] = {{"the cat sat on the mat", "the cat sat on the mat", 0, 6},
               {"the cat sat on the mat", "a cat sat the mat now", 3, 6},
               {"one two three four", "two three four five", 2, 4},
               {" spaced\tout\u3000words ", "spaced out words", 0, 3},
               {"gone", "", 1, 1},
               {"", "", 0, 0}};
  for (const auto& each : cases) {
    const EditCounts counts = word_errors(each.said, each.heard);
    EXPECT_EQ(counts.errors(), each.errors) << each.said;
    EXPECT_EQ(counts.length, each.length) << each.said;
  }
  const EditCounts counts = word_errors("the cat sat on the mat", "a cat sat the mat now");
  EXPECT_EQ(counts.substitutions, 1);
  EXPECT_EQ(counts.deletions, 1);
  EXPECT_EQ(counts.insertions, 1);
  EXPECT_DOUBLE_EQ(counts.rate(), 0.5);
  EXPECT_DOUBLE_EQ(word_errors("", "some words").rate(), 2);
}

TEST(Transcript, CharacterErrorsCountCodePoints) {
  const EditCounts counts = character_errors("caf\u00E9 au lait", "cafe au lit");
  EXPECT_EQ(counts.errors(), 2);
  EXPECT_EQ(counts.length, 12);
}

TEST(Transcript, NormalisedTextsForgetCaseAndPunctuation) {
  EXPECT_EQ(normalize_transcript("Hello, World! [music]"), "hello world ");
  EXPECT_EQ(word_errors(normalize_transcript("Hello, World! [music]"), normalize_transcript("hello world")).errors(), 0);
  EXPECT_EQ(normalize_transcript("na\u00EFve", true), "naive");
}

TEST(Transcript, WhatIsNotUtf8IsAnError) {
  EXPECT_THROW(normalize_transcript("a\xFF"), Error);
  EXPECT_THROW(word_errors("a", "\xC3"), Error);
  EXPECT_THROW(character_errors("\xED\xA0\x80", ""), Error);
}

}  // namespace
}  // namespace nacre
