// Chunks: the text comes back whole, no chunk has too many tokens, cuts are where each method allows them.
#include "nacre/chunk.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/pipelines/minilm.h"
#include "tests/pipelines/tiny_model.h"
#include "text/tokenizer.h"
#include "text/unicode.h"

namespace nacre {
namespace {

/// Words of ASCII letters are pieces "##x" of letters: a word of five letters has five tokens. The rest is unknown.
std::string letters_tokenizer() {
  static const std::string path = [] {
    std::string vocabulary = "\"?\":0";
    int id = 1;
    for (char c = 'a'; c <= 'z'; ++c)
      vocabulary += cat(",\"", std::string(1, c), "\":", id, ",\"##", std::string(1, c), "\":", id + 1), id += 2;
    for (const char* word : {"the", "cat", "sat", "on", "mat", "."}) vocabulary += cat(",\"", word, "\":", id++);
    const std::string out = (std::filesystem::temp_directory_path() / ("nacre_letters_" + std::to_string(getpid()) + ".json")).string();
    std::ofstream(out) << R"({"model":{"type":"WordPiece","unk_token":"?","vocab":{)" << vocabulary
                       << R"(}},"normalizer":{"type":"BertNormalizer","lowercase":true},"pre_tokenizer":{"type":"BertPreTokenizer"}})";
    return out;
  }();
  return path;
}

const std::vector<std::string> kTexts{
    "the cat sat on the mat. the cat sat. on the mat the cat sat on the mat the cat!\n\nthe mat. Cat? On the mat, the cat; the cat",
    "",
    " ",
    "\n\n\n",
    "the",
    "pneumonoultramicroscopicsilicovolcanoconiosis the cat",
    "\xc3\xa9\xc3\xa9 \xf0\x9f\x98\x80 the \xe4\xb8\xad\xe6\x96\x87\xe3\x80\x82 cat  ",
    "\t the cat\r\nsat\r\n\r\n on.  the   mat.\x01 zz"};

std::vector<ChunkOptions> all_options() {
  std::vector<ChunkOptions> out;
  for (const ChunkMethod method : {ChunkMethod::token, ChunkMethod::recursive, ChunkMethod::sentence})
    for (const auto& [size, overlap] : {std::pair<int64_t, int64_t>{1, 0}, {3, 0}, {8, 0}, {8, 3}, {5, 4}, {1000, 10}})
      out.push_back({.method = method, .size = size, .overlap = overlap});
  return out;
}

TEST(Chunks, TheTextComesBackAndNoneIsTooLong) {
  const auto tokenizer = Tokenizer::load(letters_tokenizer());
  ASSERT_TRUE(tokenizer) << tokenizer.error().what();
  for (const ChunkOptions& options : all_options()) {
    const Chunker chunker = Chunker::load(letters_tokenizer(), options);
    for (const std::string& text : kTexts) {
      std::string back;
      int64_t index = 0;
      for (const Chunk& each : chunker.chunk(text)) {
        const std::string where =
            cat("method ", int(options.method), " size ", options.size, "/", options.overlap, ": \"", each.text, "\"");
        ASSERT_LE(each.span.byte_begin, back.size()) << where;
        if (options.overlap == 0) EXPECT_EQ(each.span.byte_begin, back.size()) << where;
        EXPECT_EQ(text.substr(each.span.byte_begin, each.span.byte_end - each.span.byte_begin), each.text);
        back += text.substr(back.size(), each.span.byte_end - back.size());
        EXPECT_EQ(each.index, index++);
        EXPECT_LE(each.token_count, options.size) << where;
        EXPECT_EQ(each.token_count, int64_t(tokenizer->encode(each.text, {.add_special_tokens = false})->size())) << where;
        EXPECT_EQ(each.span.begin, count_codes(text.substr(0, each.span.byte_begin))) << where;
        EXPECT_EQ(each.span.end, count_codes(text.substr(0, each.span.byte_end))) << where;
      }
      EXPECT_EQ(back, text);
    }
  }
}

std::vector<std::string> texts_of_chunks(const ChunkOptions& options, std::string_view text) {
  std::vector<std::string> out;
  for (const Chunk& each : Chunker::load(letters_tokenizer(), options).chunk(text)) out.push_back(each.text);
  return out;
}
using Texts = std::vector<std::string>;

TEST(Chunks, TokensAreWholeWordsAsLongAsTheyFit) {
  EXPECT_EQ(texts_of_chunks({.method = ChunkMethod::token, .size = 3}, "the cat sat on the mat"), (Texts{"the cat sat ", "on the mat"}));
  EXPECT_EQ(texts_of_chunks({.method = ChunkMethod::token, .size = 3, .overlap = 1}, "the cat sat on the mat"),
            (Texts{"the cat sat ", "sat on the ", "the mat"}));
  EXPECT_EQ(texts_of_chunks({.method = ChunkMethod::token, .size = 4}, "the abc cat"), (Texts{"the abc ", "cat"}));
}

TEST(Chunks, SentencesStayWholeWhereTheyFit) {
  EXPECT_EQ(texts_of_chunks({.method = ChunkMethod::sentence, .size = 8}, "The cat sat. The mat. On the cat sat the mat."),
            (Texts{"The cat sat. The mat. ", "On the cat sat the mat."}));
  EXPECT_EQ(texts_of_chunks({.method = ChunkMethod::sentence, .size = 4}, "The cat sat on the mat. On."),
            (Texts{"The cat sat on ", "the mat. ", "On."}));
}

TEST(Chunks, RecursiveTriesTheCoarsestSeparatorFirst) {
  EXPECT_EQ(texts_of_chunks({.method = ChunkMethod::recursive, .size = 6}, "the cat\nsat\n\non the mat. the cat sat on. the mat\n\nthe"),
            (Texts{"the cat\nsat\n\n", "on the mat. ", "the cat sat on. ", "the mat\n\n", "the"}));
}

TEST(Chunks, BadOptionsAndBadTextAreErrors) {
  EXPECT_THROW(Chunker::load(letters_tokenizer(), {.size = 0}), Error);
  EXPECT_THROW(Chunker::load(letters_tokenizer(), {.size = 4, .overlap = 4}), Error);
  EXPECT_THROW(Chunker::load("nowhere", {}), Error);
  EXPECT_THROW(Chunker::load(letters_tokenizer(), {}).chunk("\xff"), Error);
  EXPECT_EQ(Chunker::load(letters_tokenizer(), {.task = {.replace_invalid = true}}).chunk("\xff")[0].text, "\xef\xbf\xbd");
}

TEST(Chunks, SemanticCutsWhereTheMeaningChanges) {
  NACRE_NEEDS_MINILM();
  const std::string text =
      "Cats sleep most of the day. A cat purrs when it is content. Kittens learn from their mother. "
      "The central bank raised interest rates. Bond prices fell at once. Investors moved to cash.";
  const auto chunks = Chunker::load(minilm(), {.method = ChunkMethod::semantic, .percentile = 75}).chunk(text);
  ASSERT_GE(chunks.size(), 2u);
  std::string back;
  bool at_change = false;
  for (const Chunk& each : chunks)
    back += each.text, at_change = at_change || each.text.starts_with("The central") || each.text.ends_with("mother. ");
  EXPECT_EQ(back, text);
  EXPECT_TRUE(at_change);
}

}  // namespace
}  // namespace nacre
