// Pre-tokenizers against the reference's results, and the own matchers of known expressions against the engine.
#include <random>

#include "tests/shared.h"
#include "text/component.h"
#include "text/unicode.h"
#include "text/word_pattern.h"

namespace nacre {
namespace {

std::vector<std::string> corpus_texts() {
  std::vector<std::string> out;
  for (const Json& line : read_json_lines(shared_path("tokenizers/corpus.jsonl.gz"))) out.emplace_back(*line.text("text"));
  return out;
}

Section section_of(std::string_view text) {
  Section out;
  out.text.reset(text);
  if (!text.empty()) out.words.push_back({0, static_cast<uint32_t>(text.size())});
  return out;
}

/// "piece[0,5] ..." with places in code points of the original.
std::string words_of(Section& section, std::string_view original) {
  section.write_characters();
  std::string out;
  for (const ByteRange& word : section.words) {
    const ByteRange origin = section.text.origin(word.begin, word.end);
    out += cat(section.text.text().substr(word.begin, word.size()), "[", count_codes(original.substr(0, origin.begin)), ",",
               count_codes(original.substr(0, origin.end)), "] ");
  }
  return out;
}

std::string wanted_words(const Json& list) {
  std::string out;
  for (const Json& word : *list.elements()) out += cat(*word.at(0)->text(), "[", *word.at(1)->integer(), ",", *word.at(2)->integer(), "] ");
  return out;
}

TEST(PreTokenizers, EveryCaseIsEqual) {
  NACRE_NEEDS_SHARED("tokenizers/components.jsonl.gz");
  const auto corpus = corpus_texts();
  size_t parts = 0, cases = 0;
  for (const Json& line : read_json_lines(shared_path("tokenizers/components.jsonl.gz"))) {
    if (*line.text("kind") != "pre_tokenizer") continue;
    const auto pre_tokenizer = load_pre_tokenizer(*line.at("json"));
    ASSERT_TRUE(pre_tokenizer) << *line.text("name") << ": " << pre_tokenizer.error().what();
    ++parts;
    for (const Json& entry : *line.at("cases")->elements()) {
      if (entry.at(1)->is_object()) continue;  // the reference fails here
      const std::string& text = corpus.at(static_cast<size_t>(*entry.at(0)->integer()));
      Section section = section_of(text);
      (*pre_tokenizer)->split(section);
      EXPECT_EQ(words_of(section, text), wanted_words(*entry.at(1))) << *line.text("name") << ": " << text;
      ++cases;
    }
  }
  EXPECT_EQ(parts, 44u);
  EXPECT_GT(cases, 7000u);
}

std::string ranges_of(const std::vector<ByteRange>& words) {
  std::string out;
  for (const ByteRange& word : words) out += cat(word.begin, "-", word.end, " ");
  return out;
}

/// By the engine alone.
std::string engine_words(const Pattern& pattern, std::string_view text) {
  Section section = section_of(text);
  Splitter splitter(section, SplitBehavior::isolated);
  splitter.start(section.words[0]);
  EXPECT_TRUE(pattern.for_each_match(text, [&](ByteRange match) { splitter.match(match); }));
  splitter.finish();
  return ranges_of(section.next_words);
}

std::string own_words(const WordPattern& pattern, std::string_view text) {
  Section section = section_of(text);
  pattern.split(section, SplitBehavior::isolated, false);
  return ranges_of(section.words);
}

// What the expressions tell apart, often; and any other character sometimes.
std::string random_text(std::mt19937& random) {
  static const std::u32string often =
      U"aAbzZ sStTmMdDrReElLvV''''ſ\u0345\u0301\u0903éÉßǅʰʼªłŁДд中の한ा०٣Ⅷ½1234567890  "
      U"\t\n\r\u00A0\u0085\u2028\u3000!/.,-_()[]{}$+<=>|~^`\\\"%&#@*:;?\u2581\u200B\u200D\0\x1F😀🏽€«»。、";
  std::string out;
  const size_t length = 1 + random() % 24;
  for (size_t i = 0; i < length; ++i) {
    char32_t code = often[random() % often.size()];
    if (random() % 8 == 0) code = static_cast<char32_t>(random() % (random() % 4 ? 0x3000 : 0x20000));
    if (code >= 0xD800 && code < 0xE000) continue;
    char bytes[4];
    out.append(bytes, static_cast<size_t>(encode_utf8(code, bytes)));
  }
  return out.empty() ? "x" : out;
}

class KnownPattern : public testing::TestWithParam<size_t> {};

TEST_P(KnownPattern, OwnMatcherEqualsTheEngine) {
  if (regex_engine_version().empty()) GTEST_SKIP() << "this build has no Oniguruma";
  const std::string_view source = WordPattern::well_known()[GetParam()];
  const WordPattern own = *WordPattern::regex(source);
  const Pattern engine = *Pattern::regex(source);
  const Pattern unassigned = *Pattern::regex("\\p{Cn}");  // to the engine, whose tables may be older
  std::vector<std::string> texts;
  if (is_file(shared_path("tokenizers/corpus.jsonl.gz"))) texts = corpus_texts();
  std::mt19937 random(7);
  for (int i = 0; i < 40000; ++i) texts.push_back(random_text(random));
  size_t compared = 0;
  for (const std::string& text : texts) {
    bool known = !text.empty();
    EXPECT_TRUE(unassigned.for_each_match(text, [&](ByteRange) { known = false; }));
    if (!known) continue;
    ASSERT_EQ(own_words(own, text), engine_words(engine, text)) << source << "\n" << json_quoted(text);
    ++compared;
  }
  EXPECT_GT(compared, 10000u);
}

INSTANTIATE_TEST_SUITE_P(All, KnownPattern, testing::Range(size_t{0}, WordPattern::well_known().size()));

Result<std::unique_ptr<const PreTokenizer>> load(std::string_view json) { return load_pre_tokenizer(*parse_json(json)); }

TEST(PreTokenizers, WrongSettingsAreErrorsThatNameThem) {
  const auto message = [](std::string_view json) {
    const auto part = load(json);
    return part ? std::string("no error") : std::string(part.error().what());
  };
  EXPECT_NE(message(R"({"type": "Metaspace", "replacement": "ab"})").find("replacement: expected one character"), std::string::npos);
  EXPECT_NE(message(R"({"type": "Metaspace", "prepend_scheme": "last"})").find("expected always, first or never"), std::string::npos);
  EXPECT_NE(message(R"({"type": "Punctuation", "behavior": "Kept"})").find("expected Removed, Isolated"), std::string::npos);
  EXPECT_NE(message(R"({"type": "CharDelimiterSplit", "delimiter": ""})").find("expected one character"), std::string::npos);
  EXPECT_NE(message(R"({"type": "FixedLength", "length": 0})").find("expected at least 1"), std::string::npos);
  EXPECT_NE(message(R"({"type": "Nothing"})").find("known: BertPreTokenizer, ByteLevel"), std::string::npos)
      << message(R"({"type": "Nothing"})");
}

}  // namespace
}  // namespace nacre
