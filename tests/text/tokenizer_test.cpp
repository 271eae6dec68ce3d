// The rules of the room, with nothing from outside. Expected values: tokenizers 0.23.3 on the same small files.
#include "text/tokenizer.h"

#include <gtest/gtest.h>

#include "text/unicode.h"

namespace nacre {
namespace {

constexpr std::string_view kSmall = R"({
  "added_tokens": [{"id": 0, "content": "[PAD]", "special": true, "normalized": false},
                   {"id": 1, "content": "[UNK]", "special": true, "normalized": false},
                   {"id": 2, "content": "[CLS]", "special": true, "normalized": false},
                   {"id": 3, "content": "[SEP]", "special": true, "normalized": false}],
  "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null, "lowercase": true},
  "pre_tokenizer": {"type": "BertPreTokenizer"},
  "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
  "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
  "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 8,
            "vocab": {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "un": 4, "##aff": 5, "##able": 6, "cafe": 7, ",": 8, "##s": 9,
                      "\u4eca": 10, "a": 11}}})";

Tokenizer small() { return std::move(*Tokenizer::parse(kSmall)); }

/// The file with one thing changed.
std::string changed(std::string_view from, std::string_view to) {
  std::string out(kSmall);
  out.replace(out.find(from), from.size(), to);
  return out;
}

using Ids = std::vector<uint32_t>;

// As tokenizers reads files of before 0.9, GPT-2's and BERT's on the Hub among them.
TEST(Tokenizer, AModelWithoutATypeIsKnownByItsMembers) {
  const auto ids = [](std::string_view model, std::string_view text) {
    const auto tokenizer = Tokenizer::parse(cat("{\"model\": {", model, "}}"));
    return tokenizer ? tokenizer->encode(text)->ids : Ids{999};
  };
  EXPECT_EQ(ids(R"("unk_token": null, "continuing_subword_prefix": "", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"])", "aba"),
            (Ids{2, 0}));
  EXPECT_EQ(
      ids(R"("unk_token": "?", "continuing_subword_prefix": "##", "max_input_chars_per_word": 9, "vocab": {"?": 0, "a": 1, "##b": 2})",
          "abb"),
      (Ids{1, 2, 2}));
  EXPECT_EQ(ids(R"("unk_token": "?", "vocab": {"?": 0, "a": 1, "##b": 2})", "abb"), (Ids{0}));
  EXPECT_EQ(ids(R"("unk_id": 0, "vocab": [["?", 0], ["a", -1], ["ab", -1.5]])", "aab"), (Ids{1, 2}));
  EXPECT_EQ(ids(R"("vocab": {"a": 0})", "a"), (Ids{999}));
}

TEST(Tokenizer, LongestPieceWinsAndUnfinishedWordsAreUnknown) {
  const Tokenizer tokenizer = small();
  EXPECT_EQ(tokenizer.encode("unaffable unaffabl")->ids, (Ids{2, 1, 1, 3}));  // nine codes are too many, and "##abl" is none
  EXPECT_EQ(tokenizer.encode("unaff, cafes")->ids, (Ids{2, 4, 5, 8, 7, 9, 3}));
  EXPECT_EQ(tokenizer.encode("")->ids, (Ids{2, 3}));
}

TEST(Tokenizer, OffsetsAreOfTheOriginalText) {
  const Encoding encoding = *small().encode("\tCAFÉs\u200b今");
  EXPECT_EQ(encoding.ids, (Ids{2, 7, 9, 10, 3}));
  EXPECT_EQ(encoding.offsets, (std::vector<ByteRange>{{0, 0}, {1, 5}, {5, 6}, {7, 8}, {0, 0}}));
  EXPECT_EQ(encoding.byte_offsets, (std::vector<ByteRange>{{0, 0}, {1, 6}, {6, 7}, {10, 13}, {0, 0}}));
  EXPECT_EQ(encoding.word_ids, (std::vector<int32_t>{-1, 0, 0, 1, -1}));
}

TEST(Tokenizer, MarksThatStayAreSortedFirst) {
  // U+302E has combining class 224 and is no non-spacing mark: it stays, behind the 220 of the mark that goes.
  Normalized text;
  text.reset("a\u302e\u0323b");
  const auto normalizer = load_normalizer(*parse_json(R"({"type": "BertNormalizer"})"));
  (*normalizer)->apply(text);
  EXPECT_EQ(text.text(), "a\u302eb");
  EXPECT_EQ(text.origin(1, 4), (ByteRange{4, 6}));  // the reference's alignment goes by place, not by character
  EXPECT_EQ(text.origin(4, 5), (ByteRange{6, 7}));
}

TEST(Tokenizer, AddedTokensAreFoundInRawText) {
  Tokenizer tokenizer = small();
  EXPECT_EQ(tokenizer.encode("a[SEP]a")->ids, (Ids{2, 11, 3, 11, 3}));
  EXPECT_EQ(tokenizer.encode("a[sep]a", {.add_special_tokens = false})->ids, (Ids{11, 1, 1, 1, 11}));
  EXPECT_EQ(tokenizer.add_tokens({{.content = "XY", .lstrip = true, .normalized = false}}), 1u);
  const Encoding encoding = *tokenizer.encode("a  XYa", {.add_special_tokens = false});
  EXPECT_EQ(encoding.ids, (Ids{11, 12, 11}));
  EXPECT_EQ(encoding.offsets[1], (ByteRange{1, 5}));
  EXPECT_EQ(tokenizer.token(12), "XY");
}

TEST(Tokenizer, PairsGetTypesAndSequences) {
  const Encoding encoding = *small().encode("a", "un a");
  EXPECT_EQ(encoding.ids, (Ids{2, 11, 3, 4, 11, 3}));
  EXPECT_EQ(encoding.type_ids, (Ids{0, 0, 0, 1, 1, 1}));
  EXPECT_EQ(encoding.sequence_ids, (std::vector<int32_t>{-1, 0, -1, 1, 1, -1}));
}

// Expected values of the package tokenizers; found by tests/suites/random_tokenizers.py.
TEST(Tokenizer, SeveralPrependedLettersShareThePlaceOfALongOne) {
  const auto tokenizer = Tokenizer::parse(R"({"normalizer": {"type": "Prepend", "prepend": "ab"},
      "model": {"type": "BPE", "unk_token": "?", "vocab": {"?": 0, "a": 1, "b": 2}, "merges": []}})");
  EXPECT_EQ(tokenizer->encode("\u0391z")->offsets, (std::vector<ByteRange>{{0, 1}, {0, 1}, {0, 1}, {1, 2}}));
}

TEST(Tokenizer, ASecondPostProcessorTakesTheFirstOnesTokensForText) {
  const std::string bert = R"({"type": "BertProcessing", "sep": ["[SEP]", 1], "cls": ["[CLS]", 2]})";
  const auto tokenizer = Tokenizer::parse(R"({"model": {"type": "WordLevel", "unk_token": "?", "vocab": {"?": 0}},
      "post_processor": {"type": "Sequence", "processors": [)" +
                                          bert + ", " + bert + "]}}");
  const auto encoding = tokenizer->encode("a", "b");
  EXPECT_EQ(encoding->special_tokens_mask, (std::vector<uint8_t>{1, 0, 0, 0, 1, 0, 0, 1}));
  EXPECT_EQ(encoding->type_ids, (std::vector<uint32_t>{0, 0, 0, 0, 0, 1, 1, 1}));
  EXPECT_EQ(encoding->sequence_ids, (std::vector<int32_t>{-1, 0, 0, 0, -1, 1, 1, -1}));
}

TEST(Tokenizer, WithoutPostProcessorPaddingIsOfTheFirstText) {
  const auto tokenizer = Tokenizer::parse(R"({"model": {"type": "WordLevel", "unk_token": "?", "vocab": {"?": 0}}})");
  const EncodeOptions padded{.padding = Padding{.length = 3}};
  EXPECT_EQ(tokenizer->encode("a", padded)->sequence_ids, (std::vector<int32_t>{0, 0, 0}));
  EXPECT_EQ(tokenizer->encode("a", "b", padded)->sequence_ids, (std::vector<int32_t>{0, 1, -1}));
}

TEST(Tokenizer, TruncationCountsSpecialTokensAndKeepsWindows) {
  const Tokenizer tokenizer = small();
  const Encoding encoding = *tokenizer.encode("a a a un", {.truncation = Truncation{.max_length = 4, .stride = 1}});
  EXPECT_EQ(encoding.ids, (Ids{2, 11, 11, 3}));
  ASSERT_EQ(encoding.overflow.size(), 2u);
  EXPECT_EQ(encoding.overflow[1].ids, (Ids{2, 11, 4, 3}));
  const auto refused = tokenizer.encode("a a a un", {.truncation = Truncation{.max_length = 4, .stride = 2}});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find("stride of 2"), std::string::npos);
}

TEST(Tokenizer, PaddingOutlivesItsOptions) {
  std::vector<Encoding> batch;
  {
    const TextInput inputs[] = {{"a", {}}, {"un a cafe", {}}};
    batch =
        *small().encode_batch(inputs, {.padding = Padding{.multiple_of = 4, .token = "a pad token that is too long for a short string"}});
  }
  EXPECT_EQ(batch[0].ids, (Ids{2, 11, 3, 0, 0, 0, 0, 0}));
  EXPECT_EQ(batch[0].attention_mask, (std::vector<uint8_t>{1, 1, 1, 0, 0, 0, 0, 0}));
  EXPECT_EQ(batch[1].size(), 8u);
  EXPECT_EQ(*batch[0].pad_token, batch[0].tokens[7]);
}

TEST(Tokenizer, IllFormedTextIsAnErrorUnlessReplaced) {
  const Tokenizer tokenizer = small();
  const auto refused = tokenizer.encode("a \xFF");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::invalid_argument);
  EXPECT_NE(refused.error().message().find("at byte 2"), std::string::npos);
  EXPECT_EQ(tokenizer.encode("a \xFF", {.replace_invalid = true})->ids, (Ids{2, 11, 3}));  // U+FFFD is cleaned away
}

TEST(Tokenizer, UnknownComponentsAreNamed) {
  const auto refused = Tokenizer::parse(changed("BertPreTokenizer", "Astrology"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::unsupported);
  EXPECT_EQ(refused.error().message().find("pre_tokenizer: unknown pre-tokenizer type \"Astrology\"; known: BertPreTokenizer"), 0u)
      << refused.error().message();
}

TEST(Tokenizer, DamagedFilesAreErrors) {
  const std::pair<std::string_view, std::string_view> damages[] = {
      {"\"a\": 11", "\"a\": -11"},          {"\"a\": 11", "\"a\": 99999999999"}, {"\"a\": 11", "\"a\": \"11\""},
      {"[\"[SEP]\", 3]", "[\"[SEP]\"]"},    {"\"content\": \"[PAD]\", ", ""},    {"\"##\", \"cleanup\"", "7, \"cleanup\""},
      {"\"vocab\": {", "\"vocabulary\": {"}};
  for (const auto& [from, to] : damages) EXPECT_FALSE(Tokenizer::parse(changed(from, to))) << to;
}

TEST(Tokenizer, MissingUnknownTokenIsAnErrorOnlyWhenNeeded) {
  const auto tokenizer = Tokenizer::parse(changed("\"unk_token\": \"[UNK]\"", "\"unk_token\": \"<unk>\""));
  ASSERT_TRUE(tokenizer);
  EXPECT_TRUE(tokenizer->encode("un a"));
  const auto refused = tokenizer->encode("zzz");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find("\"zzz\""), std::string::npos);
}

TEST(Tokenizer, DecodingCleansUpAndSkips) {
  const Tokenizer tokenizer = small();
  const Ids ids{2, 4, 5, 8, 7, 9, 3, 4000};
  EXPECT_EQ(*tokenizer.decode(ids), "unaff, cafes");
  EXPECT_EQ(*tokenizer.decode(ids, false), "[CLS] unaff, cafes [SEP]");
}

TEST(Unicode, LowerCaseAndDecompositionMayGiveSeveral) {
  char32_t codes[kMostCodes];
  ASSERT_EQ(lower_case(0x130, codes), 2);
  EXPECT_EQ(codes[1], 0x307u);
  ASSERT_EQ(decompose(0x1E69, codes), 3);  // s, dot below (220), dot above (230)
  EXPECT_EQ(codes[1], 0x323u);
  ASSERT_EQ(decompose(0xAC01, codes), 3);  // Hangul
  EXPECT_EQ(codes[0], 0x1100u);
  EXPECT_TRUE(has_class(0x3000, CharClass::whitespace));
  EXPECT_TRUE(has_class('$', CharClass::punctuation));
  EXPECT_FALSE(has_class(0x1FFFFF, 0xFF));
}

TEST(Normalized, InsertedCodesShareThePlaceBefore) {
  Normalized text;
  text.reset("aé");
  const CodeChange changes[] = {{'x', 0}, {'y', 1}, {'e', 0}};
  text.transform(changes);
  EXPECT_EQ(text.text(), "xye");
  EXPECT_EQ(text.origin(1, 2), (ByteRange{0, 1}));
  EXPECT_EQ(text.origin(2, 3), (ByteRange{1, 3}));
  const CodeChange removing[] = {{'z', -1}};
  text.transform(removing, 1);
  EXPECT_EQ(text.origin(0, 1), (ByteRange{0, 1}));  // stood for the inserted one
}

}  // namespace
}  // namespace nacre
