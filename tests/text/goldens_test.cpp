// Tokenizers against the reference's results, every line of the corpus.
#include "tests/text/goldens.h"

#include "text/unicode.h"

namespace nacre {
namespace {

void check_line(const Tokenizer& tokenizer, const Json& line, const std::string& where) {
  const std::string& text = corpus().at(static_cast<size_t>(*line.integer("i")));
  const auto encoding = tokenizer.encode(text);
  ASSERT_TRUE(encoding) << where << encoding.error().what();
  check_encoding(*encoding, line, where);
  NACRE_SAME(special_positions(*encoding), numbers(line, "sp"));
  const auto plain = tokenizer.encode(text, {.add_special_tokens = false});
  NACRE_SAME(numbers(plain->ids), numbers(line, line.has("ids0") ? "ids0" : "ids"));
  const std::string decoded = line.at("dec")->is_text() ? std::string(*line.text("dec")) : text;
  NACRE_SAME(*tokenizer.decode(encoding->ids), decoded);
  NACRE_SAME(*tokenizer.decode(encoding->ids, false), line.has("dec_all") ? *line.text("dec_all") : decoded);
}

class Golden : public testing::TestWithParam<std::string> {};

TEST_P(Golden, EveryLineOfTheCorpusIsEqual) {
  const std::string folder = "tokenizers/" + GetParam();
  NACRE_NEEDS_SHARED(folder + "/golden.jsonl.gz");
  const Tokenizer tokenizer = load_golden_tokenizer(GetParam());
  const auto lines = read_json_lines(shared_path(folder + "/golden.jsonl.gz"), golden_step());
  size_t equal = 0;
  for (const Json& line : lines) {
    const auto failures = [] { return testing::UnitTest::GetInstance()->current_test_info()->result()->total_part_count(); };
    const int before = failures();
    if (before < 20) check_line(tokenizer, line, cat(GetParam(), " line ", *line.integer("i"), ": "));  // the first few say it
    equal += failures() == before;
  }
  EXPECT_EQ(lines.size(), golden_share(2000));
  EXPECT_EQ(equal, lines.size()) << GetParam() << ": " << equal << " of " << lines.size() << " lines are equal";
}

INSTANTIATE_TEST_SUITE_P(Tokenizers, Golden, testing::ValuesIn(golden_folders("golden.jsonl.gz")), golden_name);

TEST(Utf8, IllFormedTextIsPlacedAndReplacedAsTheReferenceDoes) {
  NACRE_NEEDS_SHARED("tokenizers/invalid_utf8.json");
  const auto json = parse_json(read_gz(shared_path("tokenizers/invalid_utf8.json")));
  for (const Json& entry : *json->at("cases")->elements()) {
    std::string bytes;
    const std::string hex(*entry.text("hex"));
    for (size_t i = 0; i + 1 < hex.size(); i += 2) bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    const auto bad = find_invalid_utf8(bytes);
    EXPECT_EQ(!bad, *entry.boolean("valid")) << hex;
    if (bad) EXPECT_EQ(static_cast<int64_t>(*bad), *entry.integer("error_start")) << hex;
    EXPECT_EQ(replace_invalid_utf8(bytes), *entry.text("replaced")) << hex;
  }
}

}  // namespace
}  // namespace nacre
