// nacre tokenize: lines in, JSON lines out, against the reference's ids.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/shared.h"

namespace nacre {
namespace {

using nlohmann::json;

struct Ran {
  int code = -1;
  std::string out, err;
  std::vector<json> lines;
};

class Tokenize : public testing::Test {
 protected:
  void SetUp() override {
    NACRE_NEEDS_SHARED("tokenizers/bert-uncased-minilm/tokenizer.json");
    folder_ = std::filesystem::temp_directory_path() /
              cat("nacre_tokenize_", getpid(), "_", testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override {
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }

  Ran run(const std::string& arguments, const std::string& input) const {
    return run_with(shared_path("tokenizers/bert-uncased-minilm/tokenizer.json"), arguments, input);
  }

  Ran run_with(const std::string& tokenizer, const std::string& arguments, const std::string& input) const {
    const std::string place = folder_.string() + "/";
    std::ofstream(place + "in", std::ios::binary) << input;
    const std::string command = cat(NACRE_BINARY_DIR "/nacre tokenize --tokenizer ", tokenizer, " ", arguments);
    const int status =
        std::system(cat("HF_HUB_CACHE=", place, "hub ", command, " <", place, "in >", place, "out 2>", place, "err").c_str());
    Ran out{
        .code = WIFEXITED(status) ? WEXITSTATUS(status) : 1000, .out = read_gz(place + "out"), .err = read_gz(place + "err"), .lines = {}};
    std::istringstream text(out.out);
    for (std::string line; std::getline(text, line);) out.lines.push_back(json::parse(line, nullptr, false));
    return out;
  }

  std::filesystem::path folder_;
};

TEST_F(Tokenize, EveryFieldOfALine) {
  const Ran ran = run("", "Hello, w\xC3\xB6rld!\n");
  ASSERT_EQ(ran.code, 0) << ran.err;
  const json want = json::parse(R"({"ids": [101, 7592, 1010, 2088, 999, 102], "tokens": ["[CLS]", "hello", ",", "world", "!", "[SEP]"],
    "type_ids": [0, 0, 0, 0, 0, 0], "attention_mask": [1, 1, 1, 1, 1, 1], "special_tokens_mask": [1, 0, 0, 0, 0, 1],
    "offsets": [[0, 0], [0, 5], [5, 6], [7, 12], [12, 13], [0, 0]], "byte_offsets": [[0, 0], [0, 5], [5, 6], [7, 13], [13, 14], [0, 0]],
    "word_ids": [null, 0, 1, 2, 3, null]})");
  EXPECT_EQ(ran.lines.at(0), want);
}

TEST_F(Tokenize, IdsPassThroughAndABadLineIsAnErrorInItsPlace) {
  const Ran ran =
      run("", "{\"id\": [1], \"text\": \"hello\"}\nno json\n{\"id\": \"b\"}\n{\"text\": \"\xFF\"}\n{\"id\": 4, \"text\": \"\"}\n");
  ASSERT_EQ(ran.code, 0) << ran.err;
  ASSERT_EQ(ran.lines.size(), 5u) << ran.out;
  EXPECT_EQ(ran.lines[0]["id"], json::parse("[1]"));
  EXPECT_EQ(ran.lines[0]["ids"], json::parse("[101, 7592, 102]"));
  EXPECT_EQ(ran.lines[1]["line"], 2);
  EXPECT_EQ(ran.lines[1]["error"]["code"], "invalid_argument");
  EXPECT_EQ(ran.lines[2]["id"], "b");
  EXPECT_TRUE(ran.lines[2].contains("error") && ran.lines[3].contains("error"));
  EXPECT_EQ(ran.lines[4]["ids"], json::parse("[101, 102]"));
  EXPECT_EQ(run("", "{\"text\": 5}\n").code, 1) << "every line failed";
  EXPECT_EQ(run("--replace-invalid", "a\xFF\n").lines.at(0)["tokens"], json::parse(R"(["[CLS]", "a", "[SEP]"])"));
}

TEST_F(Tokenize, ABlankLineIsATextUnlessObjectsFollow) {
  const json empty = json::parse("[101, 102]");
  const Ran texts = run("", "\n \nhello\n\n");
  ASSERT_EQ(texts.lines.size(), 4u) << texts.out;
  EXPECT_EQ(texts.lines[0]["ids"], empty);
  EXPECT_EQ(texts.lines[2]["ids"], json::parse("[101, 7592, 102]"));
  EXPECT_EQ(texts.lines[3]["ids"], empty);
  EXPECT_EQ(run("", "  \n").lines.size(), 1u);
  EXPECT_EQ(run("", "\n\n{\"text\": \"hello\"}\n\n{\"text\": \"\"}\n").lines.size(), 2u);
  EXPECT_EQ(run("", "{\"text\": \"hello\"}\n" + std::string(9 << 20, '\n') + "{\"text\": \"\"}\n").lines.size(), 2u);
}

TEST_F(Tokenize, PairsAreTwoMembersOrStandAroundATab) {
  const json want = json::parse("[101, 7592, 102, 2088, 102]");
  const json tab = run("--pair", "hello\tworld\n").lines.at(0);
  EXPECT_EQ(tab["ids"], want);
  EXPECT_EQ(tab["type_ids"], json::parse("[0, 0, 0, 1, 1]"));
  EXPECT_EQ(tab["sequence_ids"], json::parse("[null, 0, null, 1, null]"));
  EXPECT_EQ(run("", "{\"text\": \"hello\", \"pair\": \"world\"}\n").lines.at(0)["ids"], want);
  EXPECT_TRUE(run("--pair", "hello\n").lines.at(0).contains("error"));
}

TEST_F(Tokenize, WhatIsCutOffIsOverflowInWindows) {
  const json line = run("--max-length 5 --stride 1", "one two three four five\n").lines.at(0);
  EXPECT_EQ(line["tokens"], json::parse(R"(["[CLS]", "one", "two", "three", "[SEP]"])"));
  ASSERT_EQ(line["overflow"].size(), 1u) << line;
  EXPECT_EQ(line["overflow"][0]["tokens"], json::parse(R"(["[CLS]", "three", "four", "five", "[SEP]"])"));
  EXPECT_EQ(run("--stride 1", "one\n").code, 2) << "windows without a length";
}

TEST_F(Tokenize, DecodesIdsAndTexts) {
  const Ran ran = run("--decode", "101 7592 1010 2088 999 102\n[7592]\nHello, w\xC3\xB6rld!\n");
  ASSERT_EQ(ran.lines.size(), 3u) << ran.out << ran.err;
  EXPECT_EQ(ran.lines[0]["text"], "hello, world!");
  EXPECT_EQ(ran.lines[1]["text"], "hello");
  EXPECT_EQ(ran.lines[2]["decoded"], "hello, world!");
  EXPECT_EQ(run("--decode --keep-special-tokens", "{\"id\": 1, \"ids\": [101, 7592]}\n").lines.at(0),
            json::parse(R"({"id": 1, "text": "[CLS] hello"})"));
  EXPECT_TRUE(run("--decode", "{\"ids\": [-1]}\n").lines.at(0).contains("error"));
}

TEST_F(Tokenize, AFileThatIsNoTokenizerIsNamed) {
  const Ran ran = run_with("nowhere.json", "", "x\n");
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.out, "");
  EXPECT_NE(ran.err.find("no model \"nowhere.json\": looked for the directory and for "), std::string::npos) << ran.err;
  EXPECT_NE(run_with(folder_.string(), "", "x\n").err.find(" has no tokenizer: none of tokenizer.json, "), std::string::npos);
}

TEST_F(Tokenize, AModelOfTheHubsCacheHasAName) {
  const auto model = folder_ / "hub" / "models--org--name";
  std::filesystem::create_directories(model / "snapshots" / "abc");
  std::filesystem::create_directories(model / "refs");
  std::ofstream(model / "refs" / "main") << "abc";
  std::filesystem::copy(shared_path("tokenizers/bert-uncased-minilm/tokenizer.json"), model / "snapshots" / "abc" / "tokenizer.json");
  EXPECT_EQ(run_with("org/name", "", "hello\n").lines.at(0)["ids"], json::parse("[101, 7592, 102]"));
}

TEST_F(Tokenize, ANumberBelowItsRangeIsNamed) {
  const Ran ran = run("--max-length -3", "x\n");
  EXPECT_EQ(ran.code, 2);
  EXPECT_NE(ran.err.find("--max-length: expected 0 or more, not -3\n"), std::string::npos) << ran.err;
}

}  // namespace
}  // namespace nacre
