// The commands of text tasks: lines in, JSON lines out, ids passed through, bad lines in their place.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/pipelines/tiny_model.h"

namespace nacre {
namespace {

struct Ran {
  int code = -1;
  std::string err;
  std::vector<nlohmann::json> lines;
  std::string out;
};

/// Runs `nacre ARGUMENTS` with the bytes on standard input.
Ran run(const TinyModel& folder, const std::string& arguments, const std::string& input) {
  folder.write("in", input);
  const std::string place = folder.path().string();
  const std::string command = cat(NACRE_BINARY_DIR "/nacre ", arguments, " <", place, "/in >", place, "/out 2>", place, "/err");
  const int status = std::system(command.c_str());
  Ran out{
      .code = WIFEXITED(status) ? WEXITSTATUS(status) : 1000, .err = read_gz(place + "/err"), .lines = {}, .out = read_gz(place + "/out")};
  std::istringstream text(out.out);
  for (std::string line; std::getline(text, line);) out.lines.push_back(nlohmann::json::parse(line, nullptr, false));
  return out;
}

#define NACRE_NEEDS_TINY(name) NACRE_NEEDS_SHARED("hf_tiny/" name "/expected.json")

TEST(TaskCommands, IdsPassThroughAndABadLineIsAnErrorInItsPlace) {
  NACRE_NEEDS_TINY("bert-sequenceclassification");
  const TinyModel tiny("bert-sequenceclassification");
  const Ran ran = run(tiny, "classify --top-k 1 --model " + tiny.path().string(),
                      "{\"id\": {\"a\": [1]}, \"text\": \"w5 w6\"}\nno json\n{\"id\": 2, \"text\": \"\\ud800\"}\n\n{\"id\": 3}\n"
                      "{\"id\": \"x\", \"text\": \"\xff\"}\n{\"id\": null, \"text\": \"\\u0000 w5\"}\n");
  ASSERT_EQ(ran.code, 0) << ran.err;
  ASSERT_EQ(ran.lines.size(), 6u) << ran.out;
  EXPECT_EQ(ran.lines[0]["id"], nlohmann::json::parse("{\"a\": [1]}"));
  EXPECT_EQ(ran.lines[0]["labels"].size(), 1u);
  EXPECT_EQ(ran.lines[1]["error"]["code"], "invalid_argument");
  EXPECT_EQ(ran.lines[1]["line"], 2);
  EXPECT_TRUE(ran.lines[2].contains("error")) << "a lone surrogate";
  EXPECT_EQ(ran.lines[3]["id"], 3);
  EXPECT_NE(ran.lines[3]["error"]["message"].get<std::string>().find("no \"text\""), std::string::npos);
  EXPECT_NE(ran.lines[4]["error"]["hint"].get<std::string>().find("--replace-invalid"), std::string::npos);
  EXPECT_TRUE(ran.lines[5].contains("labels"));
  EXPECT_NE(ran.err.find("4 of 6 lines failed"), std::string::npos) << ran.err;
}

TEST(TaskCommands, LinesOfTextAreTextsEvenEmptyOnes) {
  NACRE_NEEDS_TINY("bert-sequenceclassification");
  const TinyModel tiny("bert-sequenceclassification");
  const std::string command = "classify --model " + tiny.path().string();
  const Ran ran = run(tiny, command + " --replace-invalid", "w5\n\n{\"text\"\n\xff\n");
  ASSERT_EQ(ran.lines.size(), 4u) << ran.out << ran.err;
  for (const auto& line : ran.lines) EXPECT_EQ(line["labels"].size(), 5u) << line;
  EXPECT_EQ(run(tiny, command + " --input jsonl", "w5\n").code, 1) << "every line failed";
  const Ran table = run(tiny, command + " --output table --top-k 1", "w5\nw6\n");
  EXPECT_NE(table.out.find("line  label"), std::string::npos) << table.out;
}

TEST(TaskCommands, EveryTaskAnswers) {
  NACRE_NEEDS_TINY("cross-encoder");
  const auto answer = [](const char* model, const std::string& arguments, const std::string& input) {
    const TinyModel tiny(model);
    const Ran ran = run(tiny, arguments + " --model " + tiny.path().string(), input);
    EXPECT_EQ(ran.code, 0) << ran.err;
    return ran.lines.empty() ? nlohmann::json() : ran.lines[0];
  };
  const auto ranked = answer("cross-encoder", "rerank --top-k 1", "{\"id\": 7, \"query\": \"w5\", \"documents\": [\"w6\", \"w7 w8\"]}\n");
  EXPECT_EQ(ranked["id"], 7);
  EXPECT_EQ(ranked["results"].size(), 1u);
  EXPECT_EQ(answer("cross-encoder", "rerank --query w5", "w6\nw7\nw8\n")["results"].size(), 3u);
  const auto labels = answer("bert-sequenceclassification", "zero-shot --labels 'w5, w6' --template 'w7 {}'", "w8\n");
  EXPECT_EQ(labels["labels"].size(), 2u);
  EXPECT_NEAR(labels["scores"][0].get<double>() + labels["scores"][1].get<double>(), 1, 1e-6);
  const auto entities = answer("bert-tokenclassification", "ner --aggregation none --ignore ''", "{\"text\": \"\u00e9 w6\"}\n")["entities"];
  ASSERT_EQ(entities.size(), 2u);
  EXPECT_EQ(entities[1]["start"], 2);
  EXPECT_EQ(entities[1]["byte_start"], 3);
  const auto best = answer("bert-questionanswering", "qa", "{\"question\": \"w5\", \"context\": \"w6 w7\"}\n");
  EXPECT_GT(best["score"].get<double>(), 0);
  EXPECT_EQ(answer("bert-questionanswering", "qa --question w5 --top-k 2", "w6 w7\n")["answers"].size(), 2u);
  EXPECT_EQ(answer("bert-maskedlm", "fill-mask --top-k 3", "w5 [MASK]\n")["fills"].size(), 3u);
  EXPECT_EQ(answer("bert-maskedlm", "fill-mask --top-k 3 --targets w6", "[MASK] [MASK]\n")["fills"][1][0]["token_str"], "w6");
}

TEST(TaskCommands, ADirectoryOfAnotherTaskNamesItsCommand) {
  NACRE_NEEDS_TINY("bert-maskedlm");
  const TinyModel tiny("bert-maskedlm");
  const Ran ran = run(tiny, "ner --model " + tiny.path().string(), "w5\n");
  EXPECT_NE(ran.code, 0);
  EXPECT_EQ(ran.out, "");
  EXPECT_NE(ran.err.find("nacre fill-mask"), std::string::npos) << ran.err;
}

}  // namespace
}  // namespace nacre
