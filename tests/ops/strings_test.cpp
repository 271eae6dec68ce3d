#include "ops/regex.h"
#include "tests/ops/harness.h"

namespace nacre::test {
namespace {

TEST(StringConcat, Broadcasts) {
  expect_equal(run_op("StringConcat", {strings({2}, {"a", "b"}), strings({}, {"!"})}), strings({2}, {"a!", "b!"}));
}
TEST(StringSplit, PadsShorterLists) {
  const Outputs out = run_op("StringSplit", {strings({2}, {"a.com", "x.y.z"})}, {{"delimiter", "."}}, 2);
  expect_equal(out, strings({2, 3}, {"a", "com", "", "x", "y", "z"}));
  expect_equal(out, i64({2}, {2, 3}), 1);
}
TEST(StringSplit, WhiteSpaceRunsAndLimit) {
  const Outputs out = run_op("StringSplit", {strings({2}, {"  a b  c ", ""})}, {{"maxsplit", int64_t{1}}}, 2);
  expect_equal(out, strings({2, 2}, {"a", "b  c ", "", ""}));
  expect_equal(out, i64({2}, {2, 0}), 1);
}
TEST(StringNormalizer, RemovesStopWordsThenChangesCase) {
  const Attributes attributes{{"case_change_action", "UPPER"}, {"stopwords", std::vector<std::string>{"monday"}}};
  expect_equal(run_op("StringNormalizer", {strings({3}, {"Monday", "straße", "été"})}, attributes), strings({2}, {"STRAßE", "ÉTÉ"}));
  expect_equal(run_op("StringNormalizer", {strings({1, 1}, {"monday"})}, {{"stopwords", std::vector<std::string>{"monday"}}}),
               strings({1, 1}, {""}));
}

bool matches(std::string_view pattern, std::string_view text) {
  Result<Regex> regex = Regex::compile(pattern);
  EXPECT_TRUE(regex.has_value()) << regex.error().what();
  return regex && regex->matches(text);
}

TEST(Regex, MatchesTheWholeText) {
  EXPECT_TRUE(matches(R"((\W|^)[\w.\-]{0,25}@(yahoo|gmail)\.com(\W|$))", "account@gmail.com"));
  EXPECT_FALSE(matches(R"((\W|^)[\w.\-]{0,25}@(yahoo|gmail)\.com(\W|$))", "account@hotmail.com"));
  EXPECT_FALSE(matches("ab", "abc"));
  EXPECT_TRUE(matches("", ""));
  EXPECT_TRUE(matches("a|ab|", "ab"));
}
TEST(Regex, Repeats) {
  EXPECT_TRUE(matches("(ab){2,3}?c*", "ababab"));
  EXPECT_FALSE(matches("(ab){2,3}", "ab"));
  EXPECT_TRUE(matches("a{2}", "aa"));
  EXPECT_TRUE(matches("a{,2}", "a{,2}"));
  EXPECT_TRUE(matches("(a*)*b", "aaab"));
}
TEST(Regex, Classes) {
  EXPECT_TRUE(matches(R"([^a-c\d]+[[:upper:]-]\x41\x{e9}\pL)", "xyzQAéß"));
  EXPECT_FALSE(matches("[^a]", "a"));
  EXPECT_TRUE(matches("[]a]+", "]a"));
  EXPECT_TRUE(matches(R"(\Qa.b\E.)", "a.bé"));
  EXPECT_FALSE(matches(".", "\n"));
  EXPECT_TRUE(matches("(?s).", "\n"));
}
TEST(Regex, FlagsEndWithTheirGroup) {
  EXPECT_TRUE(matches("(?i:straSSe)É", "STRASSEÉ"));
  EXPECT_FALSE(matches("(?i:a)b", "AB"));
  EXPECT_TRUE(matches("((?i)a|b)c", "Bc"));
}
TEST(Regex, WordEdges) {
  EXPECT_TRUE(matches(R"(\bfoo\b \b.*)", "foo bar"));
  EXPECT_FALSE(matches(R"(foo\Bbar\b\w)", "foobarx"));
}
TEST(Regex, TimeIsLinear) {
  EXPECT_FALSE(matches("(a+)+b", std::string(100000, 'a')));
  EXPECT_FALSE(matches("(a|aa|a?){30}c", std::string(50000, 'a')));
}
TEST(Regex, BadPatternsAreRefused) {
  for (const char* pattern : {"(", ")", "[a", "*a", "a{2,1}", "a{1001}", "(?=a)", "\\1", "\\", "[b-a]", "(?P<n", "[[:nope:]]", "(?z)"})
    EXPECT_FALSE(Regex::compile(pattern).has_value()) << pattern;
  EXPECT_FALSE(Regex::compile("((a{1000}){1000}){1000}").has_value());
  EXPECT_FALSE(Regex::compile(std::string(100000, '(')).has_value());
}

TEST(TfIdfVectorizer, CountsUniAndBigramsWithSkips) {
  const Attributes attributes{{"mode", "TF"},
                              {"min_gram_length", int64_t{1}},
                              {"max_gram_length", int64_t{2}},
                              {"max_skip_count", int64_t{5}},
                              {"ngram_counts", std::vector<int64_t>{0, 4}},
                              {"ngram_indexes", std::vector<int64_t>{0, 1, 2, 3, 4, 5, 6}},
                              {"pool_int64s", std::vector<int64_t>{2, 3, 5, 4, 5, 6, 7, 8, 6, 7}}};
  expect_equal(run_op("TfIdfVectorizer", {i32({12}, {1, 1, 3, 3, 3, 7, 8, 6, 7, 5, 6, 8})}, attributes), f32({7}, {0, 3, 1, 0, 1, 3, 1}));
  expect_failure(run_op("TfIdfVectorizer", {i32({1}, {1})}, {{"mode", "TF"}, {"ngram_counts", std::vector<int64_t>{9}}}),
                 ErrorCode::invalid_model, "ngram_counts");
}

}  // namespace
}  // namespace nacre::test
