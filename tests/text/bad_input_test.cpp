// Files and texts that nobody should make, and somebody will: an error or a result, in time and memory that grow with them.
#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <string>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "text/decode_stream.h"
#include "text/tokenizer.h"
#include "text/tokenizer_files.h"

namespace nacre {
namespace {

/// A tokenizer.json of these parts.
std::string file(const std::string& model, const std::string& rest = "") {
  return "{\"model\": " + model + (rest.empty() ? "" : ", " + rest) + "}";
}

const std::string kWords = R"({"type": "WordLevel", "unk_token": "?", "vocab": {"?": 0, "a": 1, "b": 2}})";
const std::string kUnigram = R"({"type": "Unigram", "unk_id": 0, "vocab": [["?", 0], ["a", -1.5], ["aa", -2.5], ["b", -3]]})";
const std::string kBpe = R"({"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]})";

std::string repeated(std::string_view text, size_t count) {
  std::string out;
  out.reserve(text.size() * count);
  while (count-- > 0) out += text;
  return out;
}

std::string message_of(const Result<Tokenizer>& result) { return result ? "loaded" : result.error().message(); }

TEST(BadTokenizer, DamagedModelsSayWhere) {
  const std::pair<std::string, std::string_view> cases[] = {
      {R"({"type": "Unigram", "unk_id": 7, "vocab": [["a", 0]]})", "model.unk_id: 7 is outside [0, 1)"},
      {R"({"type": "Unigram", "unk_id": -1, "vocab": [["a", 0]]})", "model.unk_id: -1"},
      {R"({"type": "Unigram", "vocab": [["a", 0], ["b"]]})", "model.vocab[1]: expected [text, number]"},
      {R"({"type": "Unigram", "vocab": [[1, "a"]]})", "model.vocab[0]: expected [text, number]"},
      {R"({"type": "Unigram", "vocab": {"a": 1}})", "model.vocab: expected a list"},
      {R"({"type": "WordLevel"})", "vocab"},
      {R"({"type": "WordLevel", "vocab": {"a": 1e30}})", "model.vocab"},
      {R"({"type": "BPE", "vocab": {"a": 0}})", "merges"},
      {R"({"type": "BPE", "vocab": {"a": 0}, "merges": ["a b"]})", "merges"},
      {R"({"type": "BPE", "vocab": {"a": 0}, "merges": ["a"]})", "merges"},
      {R"({"type": "Astrology"})", "unknown model type \"Astrology\""}};
  for (const auto& [model, expected] : cases) {
    const auto result = Tokenizer::parse(file(model));
    EXPECT_FALSE(result) << model;
    EXPECT_NE(message_of(result).find(expected), std::string::npos) << model << ": " << message_of(result);
  }
}

TEST(BadTokenizer, DamagedPartsSayWhere) {
  const std::pair<std::string, std::string_view> cases[] = {
      {R"("normalizer": {"type": "Precompiled", "precompiled_charsmap": "AA"})", "precompiled_charsmap"},
      {R"("normalizer": {"type": "Precompiled", "precompiled_charsmap": "////////"})", "precompiled_charsmap"},
      {R"("normalizer": {"type": "Replace", "pattern": {"Regex": "("}, "content": ""})", "regular expression"},
      {R"("normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Nfc"}]})", "unknown normalizer type \"Nfc\""},
      {R"("decoder": {"type": "Strip", "content": "ab", "start": 1, "stop": 0})", "expected one character"},
      {R"("decoder": {"type": "Strip", "content": "a", "start": -1, "stop": 0})", "negative"},
      {R"("post_processor": {"type": "RobertaProcessing", "sep": ["</s>"], "cls": ["<s>", 0]})", "post_processor.sep"},
      {R"("post_processor": {"type": "RobertaProcessing", "sep": ["</s>", -2], "cls": ["<s>", 0]})", "no id: -2"},
      {R"("padding": {"strategy": {"Fixed": 1e15}, "direction": "Right"})", "padding"},
      {R"("padding": {"strategy": "Longest", "direction": "Right"})", "padding.strategy: expected BatchLongest"},
      {R"("padding": {"strategy": {"Fix": 3}, "direction": "Right"})", "padding.strategy.Fixed is missing"},
      {R"("padding": {"strategy": "BatchLongest", "direction": "right"})", "padding.direction: expected Left or Right"},
      {R"("truncation": {"max_length": 3, "strategy": "Longest", "stride": 0})", "truncation.strategy: expected LongestFirst"},
      {R"("added_tokens": [{"id": 0}])", "added_tokens[0]"}};
  for (const auto& [part, expected] : cases) {
    const auto result = Tokenizer::parse(file(kWords, part));
    EXPECT_FALSE(result) << part;
    EXPECT_NE(message_of(result).find(expected), std::string::npos) << part << ": " << message_of(result);
  }
}

TEST(BadTokenizer, DeepNestingIsRefused) {
  const std::string deep = repeated(R"({"type": "Sequence", "normalizers": [)", 5000) + repeated("]}", 5000);
  EXPECT_FALSE(Tokenizer::parse(file(kWords, "\"normalizer\": " + deep)));
  EXPECT_FALSE(Tokenizer::parse(repeated("[", 1000000)));
}

TEST(BadTokenizer, LoneSurrogatesInJsonAreErrors) {
  for (const char* escape : {"\\ud800", "\\udc00", "\\ud800x", "\\udc00\\ud800"})
    EXPECT_FALSE(Tokenizer::parse(file(R"({"type": "WordLevel", "vocab": {")" + std::string(escape) + "\": 0}}"))) << escape;
  EXPECT_TRUE(Tokenizer::parse(file(R"({"type": "WordLevel", "vocab": {"\ud83d\ude00": 0}})")));
}

TEST(BadTokenizer, NulsAreCharacters) {
  const auto tokenizer = Tokenizer::parse(file(R"({"type": "Unigram", "unk_id": 0, "vocab": [["?", 0], ["a\u0000b", -1], ["a", -2]]})"));
  ASSERT_TRUE(tokenizer) << message_of(tokenizer);
  EXPECT_EQ(tokenizer->encode(std::string_view("a\0ba\0", 5))->ids, (std::vector<uint32_t>{1, 2, 0}));
  EXPECT_EQ(*tokenizer->decode(std::vector<uint32_t>{1}), std::string_view("a\0b", 3));
}

TEST(BadTokenizer, AddedTokensThatOverlapEndAndTheLongestWins) {
  const auto tokenizer = Tokenizer::parse(file(kWords, R"("added_tokens": [
    {"id": 3, "content": "ab", "normalized": false}, {"id": 4, "content": "abab", "normalized": false},
    {"id": 5, "content": "ba", "normalized": false}, {"id": 6, "content": "abac", "normalized": false},
    {"id": 7, "content": "xabay", "normalized": false}, {"id": 3, "content": "", "normalized": false}])"));
  ASSERT_TRUE(tokenizer) << message_of(tokenizer);
  const auto ids = [&](std::string_view text) { return tokenizer->encode(text)->ids; };
  EXPECT_EQ(ids("ababab"), (std::vector<uint32_t>{4, 3}));
  EXPECT_EQ(ids("abaabac"), (std::vector<uint32_t>{3, 1, 6}));
  EXPECT_EQ(ids("babab"), (std::vector<uint32_t>{5, 5, 2}));
  EXPECT_EQ(ids("xaba"), (std::vector<uint32_t>{0, 3, 1}));  // a longer one that begins before and fails in the end
  EXPECT_EQ(ids("xabay"), (std::vector<uint32_t>{7}));
}

TEST(BadTokenizer, HugeAddedTokensTakeLinearTime) {
  const std::string huge = repeated("a", 1 << 20);
  const auto tokenizer = Tokenizer::parse(file(kWords, R"("added_tokens": [{"id": 3, "normalized": false, "content": ")" + huge + "b\"}]"));
  ASSERT_TRUE(tokenizer) << message_of(tokenizer).substr(0, 200);
  EXPECT_EQ(tokenizer->encode(huge + huge)->ids, (std::vector<uint32_t>{0}));
  EXPECT_EQ(tokenizer->encode(huge + huge + "b")->ids, (std::vector<uint32_t>{0, 3}));
  const std::string more = repeated("x", 17 << 20);
  const auto refused = Tokenizer::parse(file(kWords, R"("added_tokens": [{"id": 3, "content": ")" + more + "\"}]"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::resource_exhausted);
}

TEST(BadTokenizer, ManyAddedTokensInTheTextTakeLinearTime) {
  const auto tokenizer =
      Tokenizer::parse(file(kWords, R"("normalizer": {"type": "Lowercase"}, "added_tokens": [{"id": 3, "content": "X"}])"));
  ASSERT_TRUE(tokenizer) << message_of(tokenizer);
  const auto encoding = tokenizer->encode(repeated("xA", 500000));
  ASSERT_TRUE(encoding);
  EXPECT_EQ(encoding->size(), 1000000u);
  EXPECT_EQ(encoding->byte_offsets.back(), (ByteRange{999999, 1000000}));
}

TEST(BadTokenizer, NormalizersThatGrowWithoutEndAreStopped) {
  const std::string twice = R"({"type": "Replace", "pattern": {"String": "a"}, "content": "aa"})";
  const std::string steps = twice + repeated(", " + twice, 60);
  const auto tokenizer = Tokenizer::parse(file(kWords, R"("normalizer": {"type": "Sequence", "normalizers": [)" + steps + "]}"));
  ASSERT_TRUE(tokenizer) << message_of(tokenizer);
  const auto result = tokenizer->encode("a");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), ErrorCode::resource_exhausted);
}

TEST(BadTokenizer, DecodersThatGrowWithoutEndAreStopped) {
  const std::string more = R"({"type": "Replace", "pattern": {"String": "a"}, "content": ")" + repeated("a", 1000) + "\"}";
  const std::string steps = more + repeated(", " + more, 40);
  const auto tokenizer = Tokenizer::parse(file(kWords, R"("decoder": {"type": "Sequence", "decoders": [)" + steps + "]}"));
  ASSERT_TRUE(tokenizer) << message_of(tokenizer);
  EXPECT_LT(tokenizer->decode(std::vector<uint32_t>{1, 1})->size(), size_t{3} << 28);
}

/// Seconds of this thread on a core: other programs do not count.
double thread_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double seconds_of(const Tokenizer& tokenizer, std::string_view word) {
  const double before = thread_seconds();
  EXPECT_TRUE(tokenizer.encode(word));
  return thread_seconds() - before;
}

TEST(BadText, LongWordsTakeLinearTime) {
  std::string word, pieces = R"(["?", 0], ["a", -1], ["b", -1.1])", entries = R"("?": 0, "a": 1, "b": 2, "##a": 3, "##b": 4)", merges;
  std::vector<std::string> known{"a", "b"};
  uint32_t state = 1;
  const auto random = [&](uint32_t count) { return static_cast<uint32_t>((state = state * 1664525 + 1013904223) >> 8) % count; };
  for (uint32_t id = 5; known.size() < 400;) {
    const std::string left = known[random(static_cast<uint32_t>(known.size()))], right = known[random(static_cast<uint32_t>(known.size()))];
    const std::string token = left + right;
    if (token.size() > 20 || std::find(known.begin(), known.end(), token) != known.end()) continue;
    known.push_back(token);
    pieces += cat(", [\"", token, "\", -", random(90) + 10, ".5]");
    entries += cat(", \"", token, "\": ", id, ", \"##", token, "\": ", id + 1);
    id += 2;
    merges += cat(merges.empty() ? "" : ", ", "\"", left, " ", right, "\"");
  }
  while (word.size() < 1280000) word += "ab"[random(2)];
  const std::string models[] = {
      cat(R"({"type": "WordLevel", "unk_token": "?", "vocab": {)", entries, "}}"),
      cat(R"({"type": "WordPiece", "unk_token": "?", "max_input_chars_per_word": 2000000, "vocab": {)", entries, "}}"),
      cat(R"({"type": "Unigram", "unk_id": 0, "vocab": [)", pieces, "]}"),
      cat(R"({"type": "BPE", "vocab": {)", entries, R"(}, "merges": [)", merges, "]}")};
  for (const std::string& model : models) {
    const auto tokenizer = Tokenizer::parse(file(model));
    ASSERT_TRUE(tokenizer) << message_of(tokenizer);
    const std::string_view part = std::string_view(word).substr(0, word.size() / 32);
    double part_seconds = 1e9, whole_seconds = 1e9;  // the least of some, so that a busy machine counts little
    for (int round = 0; round < 3; ++round) {
      for (int i = 0; i < 8; ++i) part_seconds = std::min(part_seconds, seconds_of(*tokenizer, part));
      whole_seconds = std::min(whole_seconds, seconds_of(*tokenizer, word));
    }
    // Linear: 32 times as long, and up to three times that where the whole leaves the caches; quadratic: 1,024 times.
    EXPECT_LT(whole_seconds, 200 * part_seconds) << model.substr(0, 30);
  }
}

#ifdef __GLIBC__
size_t heap_bytes() {
  const struct mallinfo2 info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

TEST(BadText, TheCacheOfWordsIsBounded) {
  const auto tokenizer = Tokenizer::parse(file(kBpe));
  ASSERT_TRUE(tokenizer);
  const size_t before = heap_bytes();
  for (uint32_t number = 0; number < 100000; ++number) {
    std::string word;
    for (uint32_t bit = 0; bit < 17; ++bit) word += "ab"[number >> bit & 1];
    ASSERT_TRUE(tokenizer->encode(word));
  }
  EXPECT_LT(heap_bytes(), before + (size_t{2} << 20));  // 100,000 entries of 128 bytes would be 12 MB
}
#endif

TEST(BadText, WordsOfTenMegabytesTakeLinearTime) {
  const std::string text = repeated("aab", 10000000 / 3);
  for (const std::string& model : {kWords, kUnigram, kBpe}) {
    const auto tokenizer = Tokenizer::parse(file(model));
    ASSERT_TRUE(tokenizer) << message_of(tokenizer);
    const auto encoding = tokenizer->encode(text);
    ASSERT_TRUE(encoding) << encoding.error().what();
    EXPECT_EQ(encoding->byte_offsets.back().end, text.size()) << model;
  }
}

// Found by tests/suites/random_tokenizers.py.
TEST(BadText, BytesOfAPrefixHaveNoPlaceBeyondTheText) {
  std::string vocabulary = "\"a\": 0, \"b</w>\": 1";
  for (int byte = 0; byte < 256; ++byte)
    vocabulary += cat(", \"<0x", "0123456789ABCDEF"[byte / 16], "0123456789ABCDEF"[byte % 16], ">\": ", byte + 2);
  const auto tokenizer = Tokenizer::parse(
      file(R"({"type": "BPE", "byte_fallback": true, "end_of_word_suffix": "</w>", "merges": [], "vocab": {)" + vocabulary + "}}"));
  ASSERT_TRUE(tokenizer) << message_of(tokenizer);
  for (const size_t length : {1u, 3u, 100u}) {
    const std::string text = repeated("a", length) + "z";
    const auto encoding = tokenizer->encode(text);
    ASSERT_TRUE(encoding);
    EXPECT_EQ(encoding->size(), length + 5);  // z</w> is five bytes
    for (const ByteRange range : encoding->byte_offsets) EXPECT_LE(range.end, text.size());
  }
}

TEST(BadText, EmptyTextsAndWordsAreFine) {
  for (const std::string& model : {kWords, kUnigram, kBpe}) {
    const auto tokenizer = Tokenizer::parse(file(model));
    EXPECT_EQ(tokenizer->encode("")->size(), 0u);
    EXPECT_EQ(tokenizer->encode("", "")->size(), 0u);
    EXPECT_EQ(tokenizer->encode_words({{"", "a", ""}, {}})->word_ids, std::vector<int32_t>{1});
    EXPECT_EQ(tokenizer->encode_words({})->size(), 0u);
    EXPECT_EQ(*tokenizer->decode({}), "");
  }
}

TEST(BadText, UnknownIdsLeaveNothing) {
  const auto tokenizer = Tokenizer::parse(file(kBpe, R"("decoder": {"type": "ByteLevel"})"));
  EXPECT_EQ(*tokenizer->decode(std::vector<uint32_t>{2, 3, 4000000000u, 0}), "aba");
  DecodeStream stream(*tokenizer);
  EXPECT_EQ(*stream.step(4000000000u), std::nullopt);
  EXPECT_EQ(*stream.step(2), std::optional<std::string>("ab"));
}

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

TEST(BadSentencePiece, DamageIsNamed) {
  const std::string unknown("\x0A\x07\x0A\x03?uk\x18\x02", 9);
  const std::string piece = std::string(
      "\x0A\x0A\x0A\x01"
      "a\x15\x00\x00\x80\xBF\x18\x01",
      12);
  const std::pair<std::string, std::string_view> cases[] = {{"", "none of 0 pieces is the unknown one"},
                                                            {piece, "none of 1 pieces is the unknown one"},
                                                            {unknown + unknown, "is there twice"},
                                                            {unknown + piece + piece, "(\"a\") is there twice"},
                                                            {unknown + std::string("\x0A\x02\x0A\x00", 4), "piece 1 is empty"},
                                                            {unknown + std::string("\x0A\x05\x0A\x01"
                                                                                   "b\x18\x09",
                                                                                   7),
                                                             "piece type 9 is outside [1, 6]"},
                                                            {unknown + std::string("\x0A\x05\x0A\x01\xFF\x18\x01", 7), "is not UTF-8"},
                                                            {unknown + std::string("\x0A\x08\x0A\x01"
                                                                                   "c\x15\x00\x00\xC0\x7F",
                                                                                   10),
                                                             "has no finite score"},
                                                            {unknown + std::string("\x0A\x05\x0A\x01"
                                                                                   "d\x18\x06",
                                                                                   7),
                                                             "stands for no byte"},
                                                            {unknown + std::string("\x12\x03\x98\x02\x01", 5), "no piece for byte 0"},
                                                            {unknown + std::string("\x12\x02\x18\x09", 4), "model type 9"},
                                                            {unknown + std::string("\x1A\x04\x12\x02zz", 6), "charsmap"},
                                                            {std::string("\x0A\x7F\x0A", 3), "sentencepiece"}};
  for (const auto& [bytes, expected] : cases) {
    const auto result = Tokenizer::parse_sentencepiece(bytes_of(bytes));
    EXPECT_FALSE(result) << expected;
    EXPECT_NE(message_of(result).find(expected), std::string::npos) << expected << ": " << message_of(result);
  }
  const auto good = Tokenizer::parse_sentencepiece(bytes_of(unknown + piece));
  ASSERT_TRUE(good) << message_of(good);
  EXPECT_EQ(*good->decode(good->encode("aa")->ids), " \xE2\x81\x87 aa");
}

}  // namespace
}  // namespace nacre
