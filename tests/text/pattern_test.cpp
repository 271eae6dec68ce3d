#include "text/pattern.h"

#include <gtest/gtest.h>

#include "io/json.h"
#include "text/tokenizer.h"

namespace nacre {
namespace {

std::string matches(const Pattern& pattern, std::string_view text) {
  std::string out;
  EXPECT_TRUE(pattern.for_each_match(text, [&](ByteRange match) { out += cat(out.empty() ? "" : " ", match.begin, "-", match.end); }));
  return out;
}

Result<Pattern> load(std::string_view json) { return Pattern::load(*parse_json(json)); }

TEST(Pattern, LiteralTextIsNotARegularExpression) { EXPECT_EQ(matches(*load(R"({"String": "a.b"})"), "a.b axb a.ba.b"), "0-3 8-11 11-14"); }

TEST(Pattern, EmptyMatchesCountUnlessTheyTouchTheLastOne) {
  EXPECT_EQ(matches(Pattern::literal(""), "a\xC3\xA9"), "0-0 1-1 3-3");
  if (regex_engine_version().empty()) GTEST_SKIP() << "this build has no Oniguruma";
  EXPECT_EQ(matches(*Pattern::regex("b*"), "abbc"), "0-0 1-3 4-4");
}

TEST(Pattern, RegularExpressionsSeeWhatIsBehindAMatch) {
  if (regex_engine_version().empty()) GTEST_SKIP() << "this build has no Oniguruma";
  EXPECT_EQ(matches(*load(R"({"Regex": "\\s+(?!\\S)|\\s+"})"), "a   b\xC2\xA0 "), "1-3 3-4 5-8");
  EXPECT_EQ(matches(*Pattern::regex("(?i:'s)"), "it'S 'ſ"), "2-4 5-8");
}

// Places: those of tokenizers 0.23.3.
TEST(Pattern, PunctuationInBracketsHasSymbols) {
  if (regex_engine_version().empty()) GTEST_SKIP() << "this build has no Oniguruma";
  const std::string_view text = "a$b\u00B1,c:p";
  EXPECT_EQ(matches(*Pattern::regex("[[:punct:]]"), text), "1-2 3-5 5-6 7-8");
  EXPECT_EQ(matches(*Pattern::regex("[^[:punct:]]+"), text), "0-1 2-3 6-7 8-9");
  EXPECT_EQ(matches(*Pattern::regex("[[:^punct:]]+"), text), "0-1 2-3 6-7 8-9");
  EXPECT_EQ(matches(*Pattern::regex("[a[:punct:]]+"), text), "0-2 3-6 7-8");
  EXPECT_EQ(matches(*Pattern::regex("[:punct:]"), text), "6-7 7-8 8-9");
  EXPECT_EQ(matches(*Pattern::regex(R"(\[[:punct:])"), "[u["), "0-2");
}

TEST(Pattern, ABrokenExpressionIsAnErrorThatNamesIt) {
  if (regex_engine_version().empty()) GTEST_SKIP() << "this build has no Oniguruma";
  const auto pattern = Pattern::regex("a(b");
  ASSERT_FALSE(pattern);
  EXPECT_EQ(pattern.error().code(), ErrorCode::invalid_argument);
  EXPECT_NE(std::string(pattern.error().what()).find("\"a(b\": end pattern with unmatched parenthesis"), std::string::npos)
      << pattern.error().what();
}

TEST(Pattern, AnExponentialExpressionEnds) {
  if (regex_engine_version().empty()) GTEST_SKIP() << "this build has no Oniguruma";
  EXPECT_EQ(matches(*Pattern::regex("(a|aa|a)*\\1*b$"), std::string(60, 'a')), "");
}

TEST(Pattern, ASearchBeyondTheLimitsIsAnErrorOfEveryPart) {
  if (regex_engine_version().empty()) GTEST_SKIP() << "this build has no Oniguruma";
  const std::string pattern = R"({"Regex": "(x+x+)+y"})", text(40, 'x'), limit = R"(the regular expression "(x+x+)+y": )";
  const auto tokenizer = [&](std::string_view part, std::string_view type) {
    const std::string model = R"({"type": "WordLevel", "unk_token": "?", "vocab": {"?": 0, ")" + text + R"(": 1}})";
    return *Tokenizer::parse(
        cat(R"({"model": )", model, R"(, ")", part, R"(": {"type": ")", type, R"(", "content": "", "pattern": )", pattern, "}}"));
  };
  const auto message = [](const auto& result) { return result ? std::string("a result") : result.error().message(); };
  const auto alone = load(pattern)->for_each_match(text, [](ByteRange) {});
  EXPECT_TRUE(message(alone).starts_with(limit)) << message(alone);
  const Tokenizer normalizer = tokenizer("normalizer", "Replace"), splitter = tokenizer("pre_tokenizer", "Split");
  EXPECT_TRUE(message(normalizer.encode(text)).starts_with(limit)) << message(normalizer.encode(text));
  EXPECT_TRUE(message(splitter.encode(text)).starts_with(limit)) << message(splitter.encode(text));
  EXPECT_TRUE(splitter.encode("xx"));
  const auto decoded = tokenizer("decoder", "Replace").decode(std::vector<uint32_t>{1});
  EXPECT_TRUE(message(decoded).starts_with(limit)) << message(decoded);
}

TEST(Pattern, NeitherFormIsAnError) { EXPECT_FALSE(load(R"({"Other": "x"})")); }

}  // namespace
}  // namespace nacre
