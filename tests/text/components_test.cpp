// Single parts against the reference's results: every case of components.jsonl.gz that is not about splitting into words.
#include "tests/shared.h"
#include "text/component.h"
#include "text/tokenizer.h"
#include "text/unicode.h"

namespace nacre {
namespace {

std::vector<std::string> corpus_texts() {
  std::vector<std::string> out;
  for (const Json& line : read_json_lines(shared_path("tokenizers/corpus.jsonl.gz"))) out.emplace_back(*line.text("text"));
  return out;
}

/// The settings of a normalizer; two stand for t5's charsmap, the second with runs of spaces replaced behind it.
Result<std::unique_ptr<const Normalizer>> golden_normalizer(const Json& line) {
  const Json settings = *line.at("json");
  if (!settings.text("type")->starts_with("see t5")) return load_normalizer(settings);
  static const Json t5 = *parse_json(read_gz(shared_path("tokenizers/t5/tokenizer.json.gz")));
  const Json charsmap = *t5.at("normalizer")->at("normalizers")->at(0);
  if (!*settings.boolean("then_replace")) return load_normalizer(charsmap);
  constexpr std::string_view replace = R"({"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "})";
  return load_normalizer(*parse_json(cat(R"({"type": "Sequence", "normalizers": [)", charsmap.dump(), ",", replace, "]}")));
}

/// Where each code point of the text came from, [begin, end) in code points of the original.
std::vector<int64_t> origins_in_codes(const Normalized& normalized, std::string_view original) {
  std::vector<int64_t> out;
  const std::string_view text = normalized.text();
  for (uint32_t begin = 0, end = 0; begin < text.size(); begin = end) {
    end = begin + 1;
    while (end < text.size() && !starts_code(text[end])) ++end;
    const ByteRange bytes = normalized.origin(begin, end);
    out.push_back(static_cast<int64_t>(count_codes(original.substr(0, bytes.begin))));
    out.push_back(static_cast<int64_t>(count_codes(original.substr(0, bytes.end))));
  }
  return out;
}

class ComponentGoldens : public testing::Test {
 public:
  void SetUp() override { NACRE_NEEDS_SHARED("tokenizers/components.jsonl.gz"); }
  /// Calls `check(line, where)` for the lines of the kind; there must be some.
  template <class Check>
  void for_lines(std::string_view kind, Check check) {
    size_t count = 0;
    for (const Json& line : read_json_lines(shared_path("tokenizers/components.jsonl.gz"))) {
      if (*line.text("kind") != kind) continue;
      check(line, cat(kind, " ", *line.text("name"), ": "));
      ++count;
    }
    EXPECT_GT(count, 5u);
  }
};

TEST_F(ComponentGoldens, NormalizersGiveTheSameText) {
  const auto corpus = corpus_texts();
  for_lines("normalizer", [&](const Json& line, const std::string& where) {
    const auto normalizer = golden_normalizer(line);
    ASSERT_TRUE(normalizer) << where << normalizer.error().what();
    for (const Json& entry : *line.at("cases")->elements()) {
      const std::string& text = corpus.at(static_cast<size_t>(*entry.at(0)->integer()));
      if (entry.at(1)->is_object()) continue;  // the reference fails here
      Normalized normalized;
      normalized.reset(text);
      (*normalizer)->apply(normalized);
      EXPECT_EQ(normalized.text(), entry.at(1)->is_text() ? *entry.at(1)->text() : std::string_view(text)) << where << text;
    }
  });
}

TEST_F(ComponentGoldens, NormalizersKnowWhereTheTextCameFrom) {
  const auto corpus = corpus_texts();
  for_lines("normalizer_offsets", [&](const Json& line, const std::string& where) {
    const auto normalizer = golden_normalizer(line);
    ASSERT_TRUE(normalizer) << where << normalizer.error().what();
    for (const Json& entry : *line.at("cases")->elements()) {
      const std::string& text = corpus.at(static_cast<size_t>(*entry.at(0)->integer()));
      if (entry.at(1)->is_object()) continue;
      Normalized normalized;
      normalized.reset(text);
      (*normalizer)->apply(normalized);
      EXPECT_EQ(origins_in_codes(normalized, text), *entry.at(1)->integers()) << where << text;
    }
  });
}

TEST_F(ComponentGoldens, DecodersGiveTheSameText) {
  for_lines("decoder", [&](const Json& line, const std::string& where) {
    const auto decoder = load_decoder(*line.at("json"));
    ASSERT_TRUE(decoder) << where << decoder.error().what();
    for (const Json& entry : *line.at("cases")->elements()) {
      std::vector<std::string> tokens = *entry.at(0)->texts();
      (*decoder)->apply(tokens);
      std::string text;
      for (const std::string& token : tokens) text += token;
      if (entry.at(1)->is_text()) EXPECT_EQ(text, *entry.at(1)->text()) << where << entry.at(0)->dump();
    }
  });
}

void check_post_processor(const Json& line, const std::string& where) {
  const auto tokenizer = Tokenizer::parse(line.at("tokenizer")->is_text() ? *line.text("tokenizer") : line.at("tokenizer")->dump());
  ASSERT_TRUE(tokenizer) << where << tokenizer.error().what();
  for (const Json& entry : *line.at("cases")->elements()) {
    const std::string place = where + entry.dump();
    const EncodeOptions options{.add_special_tokens = *entry.boolean("add_special")};
    TextInput input{*entry.text("a"), {}};
    if (entry.has("b")) input.second = *entry.text("b");
    const auto got = tokenizer->encode(input, options);
    ASSERT_TRUE(got) << place << got.error().what();
    const auto list = [&](std::string_view key) { return *entry.at(key)->integers(); };
    EXPECT_EQ(std::vector<int64_t>(got->ids.begin(), got->ids.end()), list("ids")) << place;
    EXPECT_EQ(std::vector<int64_t>(got->type_ids.begin(), got->type_ids.end()), list("type")) << place;
    EXPECT_EQ(std::vector<int64_t>(got->special_tokens_mask.begin(), got->special_tokens_mask.end()), list("sp")) << place;
    EXPECT_EQ(std::vector<std::string>(got->tokens.begin(), got->tokens.end()), *entry.at("tok")->texts()) << place;
    for (size_t i = 0; i < got->size(); ++i) {
      const auto range = *entry.at("off")->at(i)->integers();
      EXPECT_EQ(got->offsets[i], (ByteRange{static_cast<uint32_t>(range[0]), static_cast<uint32_t>(range[1])})) << place << " token " << i;
    }
  }
}

TEST_F(ComponentGoldens, PostProcessorsAddTheSameTokens) {
  if (!load_pre_tokenizer(*parse_json(R"({"type": "WhitespaceSplit"})"))) GTEST_SKIP() << "their pre-tokenizers are not there yet";
  for_lines("post_processor", check_post_processor);
}

}  // namespace
}  // namespace nacre
