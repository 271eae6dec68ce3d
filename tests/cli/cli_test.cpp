// The command as its users meet it: the built program, its output, its messages and its exit codes.
// tests/cli/data comes from make_data.py; the expected outputs there are ONNX Runtime's.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

const std::string kProgram = NACRE_BINARY_DIR "/nacre";
const std::string kData = NACRE_SOURCE_DIR "/tests/cli/data/";
const std::string kTiny = kData + "tiny.onnx";

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

struct Answer {
  int code = -1;
  std::string out, err;
};

class Cli : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() /
              ("nacre_cli_" + std::to_string(getpid()) + "_" + testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return path(name);
  }

  Answer run(const std::string& arguments, const std::string& redirect = "") const {
    const std::string command = kProgram + " " + arguments + (redirect.empty() ? " >" + path("out") : redirect) + " 2>" + path("err") +
                                (redirect.find('<') == std::string::npos ? " </dev/null" : "");
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status), read(path("out")), read(path("err"))};
  }

  /// Runs, and expects this exit code with these words on standard error.
  void expect_error(const std::string& arguments, int code, const std::vector<std::string>& words) const {
    const Answer answer = run(arguments);
    EXPECT_EQ(answer.code, code) << arguments << "\n" << answer.err;
    EXPECT_EQ(answer.out, "") << arguments;
    EXPECT_EQ(answer.err.rfind("nacre", 0), 0u) << answer.err;
    for (const std::string& word : words) EXPECT_NE(answer.err.find(word), std::string::npos) << "no \"" << word << "\" in: " << answer.err;
  }

  Json json_of(const std::string& arguments, int code = 0) const {
    const Answer answer = run(arguments);
    EXPECT_EQ(answer.code, code) << answer.err;
    const Json out = Json::parse(answer.out, nullptr, false);
    EXPECT_FALSE(out.is_discarded()) << answer.out;
    return out;
  }

  fs::path folder_;
};

void expect_close(const Json& got, const Json& want) {
  ASSERT_EQ(got.is_array(), want.is_array());
  if (!want.is_array()) {
    EXPECT_NEAR(got.get<double>(), want.get<double>(), 1e-6);
    return;
  }
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < want.size(); ++i) expect_close(got[i], want[i]);
}

void expect_tiny_outputs(const fs::path& file) {
  const Json got = Json::parse(read(file)), want = Json::parse(read(kData + "outputs.json"));
  ASSERT_EQ(got.size(), want.size());
  for (const auto& [name, value] : want.items()) expect_close(got.at(name), value);
}

TEST_F(Cli, AnOptionThatThereIsNotIsNamedAndNotTheTextBehindIt) {
  expect_error("embed --model x --colour red -- x", 2, {"nacre embed: there is no option --colour", "nacre embed --help"});
  expect_error("embed --model x --colour=red x", 2, {"there is no option --colour"});
}

TEST_F(Cli, AloneItPrintsHelpAndSaysWrongUse) {
  const Answer answer = run("");
  EXPECT_EQ(answer.code, 2);
  for (const char* command : {"run", "inspect", "verify", "bench", "ops", "doctor"})
    EXPECT_NE(answer.err.find(command), std::string::npos) << command;
}

TEST_F(Cli, VersionIsThatOfTheLibrary) {
  const Answer answer = run("--version");
  EXPECT_EQ(answer.code, 0);
  EXPECT_EQ(answer.out.rfind("nacre ", 0), 0u);
  EXPECT_EQ(answer.out.find_first_of("0123456789"), 6u);
}

TEST_F(Cli, HelpOfEachCommandShowsAnExample) {
  for (const char* command : {"run", "inspect", "verify", "bench", "bench-worker", "ops", "doctor"}) {
    const Answer answer = run(std::string(command) + " --help");
    EXPECT_EQ(answer.code, 0);
    EXPECT_NE(answer.out.find("Example:"), std::string::npos) << command;
    EXPECT_NE(answer.out.find(std::string("nacre ") + command), std::string::npos) << answer.out;
  }
}

TEST_F(Cli, RunTakesEveryFormOfInputs) {
  for (const char* inputs : {"inputs.npz", "inputs.json", "set"}) {
    const Answer answer = run("run " + kTiny + " --inputs " + kData + inputs + " --outputs " + path("y.json"));
    EXPECT_EQ(answer.code, 0) << answer.err;
    EXPECT_EQ(answer.out + answer.err, "");
    expect_tiny_outputs(path("y.json"));
  }
}

TEST_F(Cli, RunOnEveryBackendThatComputesGivesTheSame) {
  for (const char* backend : {"native", "reference"}) {
    EXPECT_EQ(run("run " + kTiny + " -i " + kData + "set -o " + path("y.json") + " --strict --backend " + backend).code, 0);
    expect_tiny_outputs(path("y.json"));
  }
}

TEST_F(Cli, OutputsWrittenInEveryFormReadBackEqual) {
  for (const char* target : {"y.npz", "y.json", "folder"}) {
    ASSERT_EQ(run("run " + kTiny + " -i " + kData + "set -o " + path(target)).code, 0);
    const Answer verified = run("verify " + kTiny + " -i " + kData + "set --rtol 0 --atol 0 --expected " + path(target));
    EXPECT_EQ(verified.code, 0) << target << verified.out << verified.err;
  }
  EXPECT_TRUE(fs::exists(folder_ / "folder/output_1.pb"));
}

TEST_F(Cli, RunWithoutOutputsPrintsASummary) {
  const Answer answer = run("run " + kTiny + " -i " + kData + "set --report");
  EXPECT_EQ(answer.code, 0);
  for (const char* word : {"float32[2,2]", "int64[2]", "min", "mean", "native: "})
    EXPECT_NE(answer.out.find(word), std::string::npos) << word;
  EXPECT_NE(answer.out.find("5 1"), std::string::npos) << "ids + 1: " << answer.out;
}

TEST_F(Cli, RandomInputsAreTheSameForTheSameSeed) {
  const Answer first = run("run " + kTiny + " -i random:7 --dim batch=4"), second = run("run " + kTiny + " -i random:7 --dim batch=4");
  EXPECT_EQ(first.code, 0) << first.err;
  EXPECT_EQ(first.out, second.out);
  EXPECT_NE(first.out, run("run " + kTiny + " -i random:8 --dim batch=4").out);
  EXPECT_NE(first.out.find("float32[4,2]"), std::string::npos);
}

TEST_F(Cli, ProfileNamesEveryNode) {
  const Json profile = json_of("run " + kTiny + " -i " + kData + "set --no-optimise --profile json");
  EXPECT_EQ(profile["nodes"].size(), 6u);
  EXPECT_NE(run("run " + kTiny + " -i " + kData + "set --profile").out.find("total"), std::string::npos);
  EXPECT_EQ(run("run " + kTiny + " -i " + kData + "set --profile " + path("profile.json")).code, 0);
  const Json trace = Json::parse(read(path("profile.json")), nullptr, false);
  ASSERT_TRUE(trace["traceEvents"].is_array());
  double end = 0;
  for (const Json& event : trace["traceEvents"])
    if (event["ph"] == "X") {
      EXPECT_GE(event["ts"].get<double>(), end) << "nodes run one after the other";
      end = event["ts"].get<double>();
      EXPECT_FALSE(event["args"]["kernel"].get<std::string>().empty());
    }
  EXPECT_GT(end, 0);
}

TEST_F(Cli, ReportIsTextJsonAndAPage) {
  const std::string base = "run " + kTiny + " -i " + kData + "set -o " + path("y.json") + " --no-optimise --backend reference ";
  const Json report = Json::parse(run(base + "--report json").out, nullptr, false);
  EXPECT_EQ(report["regions"][0]["backend"], "reference");
  EXPECT_EQ(report["regions"][0]["nodes"].size(), 6u);
  EXPECT_EQ(report["regions"][0]["reasons"][5], "first choice");
  EXPECT_EQ(run(base + "--profile " + path("t.json") + " --report " + path("r.html")).code, 0);
  const std::string page = read(path("r.html"));
  size_t boxes = 0;
  for (size_t at = page.find("<rect"); at != std::string::npos; at = page.find("<rect", at + 1)) ++boxes;
  EXPECT_EQ(boxes, 6u);
  EXPECT_NE(page.find("rgb(255,40,40)"), std::string::npos) << "the slowest node is red";
  EXPECT_NE(page.find("reference: first choice"), std::string::npos);
}

TEST_F(Cli, VerifyComparesManyBackendsInAMatrix) {
  const Json all = json_of("verify " + kTiny + " --backends native,reference,native --json");
  EXPECT_EQ(all["pairs"].size(), 6u);
  EXPECT_EQ(all["agrees"], true);
  const Answer other = run("verify " + kTiny + " --backends native,reference,null");
  EXPECT_EQ(other.code, 1) << "zeros are no results";
  EXPECT_NE(other.out.find("differs"), std::string::npos) << other.out;
}

TEST_F(Cli, BackendsAreCheckedByName) {
  expect_error("run " + kTiny + " -i random:1 --backend warp", 2, {"'warp'", "native", "onnxruntime"});
  expect_error("run " + kTiny + " -i random:1 --backend native:cpu:5", 2, {"no device 'cpu:5'; it has cpu:0"});
  expect_error("run " + kTiny + " -i random:1 --backend-option native.speed=9", 2, {"no option \"speed\""});
  expect_error("run " + kTiny + " -i random:1 --backend-option speed", 2, {"BACKEND.NAME=VALUE"});
}

TEST_F(Cli, WrongInputsNameTheInputAndWhatItTakes) {
  const std::string base = "run " + kTiny + " --inputs ";
  expect_error(base + write("name.json", R"({"y": [[1,2,3]], "ids": [0]})"), 2, {"no input 'y'", "x, ids"});
  expect_error(base + write("missing.json", R"({"x": [[1,2,3]]})"), 2, {"'ids'", "missing"});
  expect_error(base + write("rank.json", R"({"x": [1,2,3], "ids": [0]})"), 2, {"'x'", "rank 1", "float32[batch,3]"});
  expect_error(base + write("dim.json", R"({"x": [[1,2]], "ids": [0]})"), 2, {"'x'", "dimension 1 is 2"});
  expect_error(base + write("dtype.json", R"({"x": [[1,2,3]], "ids": [0.5]})"), 2, {"dtype.json", "ids"});
  expect_error(base + write("broken.json", R"({"x": [)"), 2, {"broken.json"});
  expect_error(base + "random:1 --dim seq=3", 2, {"--dim", "'seq'", "batch"});
  expect_error(base + "random:1 --dim batch", 2, {"--dim", "NAME=N"});
}

TEST_F(Cli, AnInputOfAnotherTypeIsRefused) {
  // ids.npz holds x as it should be and ids as outputs' y, which is float32
  ASSERT_EQ(run("run " + kTiny + " -i " + kData + "set -o " + path("y")).code, 0);
  fs::create_directories(folder_ / "in");
  fs::copy_file(kData + "set/input_0.pb", folder_ / "in/input_0.pb");
  fs::copy_file(kData + "set/output_0.pb", folder_ / "in/input_1.pb");
  expect_error("run " + kTiny + " -i " + path("in"), 2, {"'ids'", "float32[2,2]", "int64[batch]"});
}

TEST_F(Cli, AnIndexOutsideNamesTheNodeAndFailsTheRun) {
  expect_error("run " + kTiny + " -i " + write("far.json", R"({"x": [[1,2,3]], "ids": [7]})"), 1, {kTiny, "Gather \"rows/Gather\"", "7"});
}

TEST_F(Cli, WhatIsNotThereIsSaid) {
  expect_error("run " + path("no.onnx") + " -i random:1", 2, {"no.onnx", "no such file"});
  expect_error("run " + kTiny + " -i " + path("no.npz"), 2, {"no.npz", "no such file"});
  expect_error("run " + kTiny + " -i " + kData + "inputs.txt", 2, {"inputs.txt", ".npz", "random:SEED"});
  expect_error("run " + kTiny + " -i random:1 -o " + path("y.txt"), 2, {"y.txt", ".npz"});
  fs::create_directories(folder_ / "empty");
  expect_error("run " + kTiny + " -i " + path("empty"), 2, {"input_0.pb"});
  const Answer directory = run("run " + path("empty") + " -i random:1");
  EXPECT_NE(directory.code, 0);
  EXPECT_NE(directory.err.find("empty"), std::string::npos);
}

TEST_F(Cli, AnUnknownCommandListsTheKnown) { expect_error("frobnicate", 2, {"no command is called 'frobnicate'", "embed", "verify"}); }

TEST_F(Cli, WrongUseIsTwo) {
  expect_error("run " + kTiny + " -i random:1 --backend cuda9", 2, {"cuda9", "native", "reference"});
  expect_error("run " + kTiny + " -i random:1 --nonsense", 2, {"--nonsense", "hint"});
  expect_error("run " + kTiny, 2, {"--inputs"});
  expect_error("run " + kTiny + " -i random:1 --threads -3", 2, {"--threads"});
  expect_error("verify " + kTiny + " --backends native", 2, {"two names"});
  expect_error("dance", 2, {"dance"});
}

TEST_F(Cli, ADamagedModelFailsWithItsName) {
  const std::string whole = read(kTiny);
  for (const size_t length : {size_t(0), size_t(1), whole.size() / 2, whole.size() - 1}) {
    const Answer answer = run("run " + write("cut.onnx", whole.substr(0, length)) + " -i random:1");
    EXPECT_TRUE(answer.code == 1 || answer.code == 2) << length << ": " << answer.code;
    EXPECT_NE(answer.err.find("cut.onnx"), std::string::npos) << answer.err;
  }
}

TEST_F(Cli, InspectTellsShapesCostsAndPlacement) {
  const Json found = json_of("inspect " + kTiny + " --json --plan --edges --dim batch=10");
  EXPECT_EQ(found["opsets"]["ai.onnx"], 17);
  EXPECT_EQ(found["inputs"][0]["dims"], Json({"batch", "3"}));
  EXPECT_EQ(found["operators"]["Add"], 3);
  EXPECT_EQ(found["parameters"], 3 * 2 + 2 + 5 * 2);
  EXPECT_EQ(found["weight_bytes"], (3 * 2 + 2 + 5 * 2) * 4 + 8);
  // MatMul 2*10*3*2, three float Adds and Relus of 20 elements, one Add of 10; Gather moves
  EXPECT_EQ(found["flops"], 120 + 20 + 20 + 20 + 10);
  EXPECT_EQ(found["edges"].size(), 6u);
  EXPECT_EQ(found["placement"]["regions"][0]["backend"], "native");
  EXPECT_GT(found["plan"].size(), 0u);
  const Answer text = run("inspect " + kTiny);
  for (const char* word : {"float32[batch,3]", "MatMul", "ai.onnx 17", "batch=1"})
    EXPECT_NE(text.out.find(word), std::string::npos) << word;
}

TEST_F(Cli, VerifyAgreesOrNamesTheFirstNode) {
  EXPECT_TRUE(json_of("verify " + kTiny + " --json -i " + kData + "set")["agrees"]);
  EXPECT_TRUE(json_of("verify " + kTiny + " --json -i " + kData + "set --expected " + kData + "set")["agrees"]);
  const Json wrong = json_of("verify " + kTiny + " --json -i " + kData + "set --expected " + kData + "wrong", 1);
  EXPECT_FALSE(wrong["agrees"]);
  EXPECT_NEAR(wrong["outputs"][0]["max_abs"].get<double>(), 0.5, 1e-6);
  EXPECT_TRUE(wrong["first_node"].is_null()) << "the backends agree with each other";
  // `null` computes nothing, so the first node already differs from the reference
  const Json null = json_of("verify " + kTiny + " --json -i " + kData + "set --backends null,reference", 1);
  EXPECT_EQ(null["first_node"]["node"], "MatMul \"dense/MatMul\"");
}

TEST_F(Cli, BenchMeasures) {
  const Json found = json_of("bench " + kTiny + " --json --seconds 0.05 --warmup 0.01 --dim batch=10 --threads 1");
  EXPECT_GE(found["runs"], 3);
  EXPECT_LE(found["min_ms"], found["median_ms"]);
  EXPECT_LE(found["median_ms"], found["p99_ms"]);
  EXPECT_EQ(found["flops"], 190);
  EXPECT_GT(found["peak_gflops_per_second"], 0.1);
  EXPECT_EQ(found["threads"], 1);
  EXPECT_EQ(read(path("err")), "") << "progress belongs to terminals";
  EXPECT_FALSE(found.contains("nodes"));
}

TEST_F(Cli, BenchListsTheNodesWithTheirWork) {
  const Json found = json_of("bench " + kTiny + " --json --profile --seconds 0.05 --warmup 0.01 --dim batch=10 --threads 1");
  double flops = 0;
  for (const Json& node : found["nodes"]) {
    EXPECT_GE(node["median_ms"], 0);
    flops += node["flops"].get<double>();
  }
  EXPECT_GT(found["nodes"].size(), 0);
  EXPECT_EQ(flops, 2 * 10 * 3 * 2) << "of the product; nodes whose work is their traffic have none";
}

TEST_F(Cli, BenchWorkerSpeaksItsProtocol) {
  const std::string orders = write("orders", "run 0.01\noutputs " + path("y.npz") + "\n");
  const std::string command = kProgram + " bench-worker " + kTiny + " --inputs " + kData + "inputs.npz --threads 2 --dtype-policy exact <" +
                              orders + " >" + path("lines");
  ASSERT_EQ(std::system(command.c_str()), 0);
  std::istringstream lines(read(path("lines")));
  std::string ready, times, outputs;
  std::getline(lines, ready), std::getline(lines, times), std::getline(lines, outputs);
  EXPECT_EQ(Json::parse(ready)["ready"], true);
  EXPECT_GT(Json::parse(ready)["load_ms"], 0);
  EXPECT_GE(Json::parse(times)["n"], 3);
  EXPECT_EQ(Json::parse(outputs)["outputs"], Json({"y", "next"}));
  EXPECT_TRUE(fs::exists(path("y.npz")));
  const Answer failed = run("bench-worker " + path("no.onnx") + " --inputs " + kData + "inputs.npz");
  EXPECT_EQ(failed.code, 1);
  EXPECT_TRUE(Json::parse(failed.out).contains("error"));
}

TEST_F(Cli, OpsComeFromTheRegistry) {
  const Json found = json_of("ops --json");
  bool matmul = false;
  for (const Json& op : found["operators"]) {
    EXPECT_FALSE(op["since"].empty()) << op;
    if (op["domain"] != "ai.onnx" || op["name"] != "MatMul") continue;
    matmul = true;
    EXPECT_EQ(op["since"], Json({1, 9, 13}));
    EXPECT_NE(op["backends"]["native"], "reference");
    EXPECT_EQ(op["backends"]["reference"], "reference");
  }
  EXPECT_TRUE(matmul);
  EXPECT_NE(run("ops MatMul --markdown").out.find("| ai.onnx | MatMul |"), std::string::npos);
  expect_error("ops NoSuchOperator", 2, {"NoSuchOperator"});
}

TEST_F(Cli, DoctorTellsWhyAndWhatIsSet) {
  setenv("NACRE_THREADS", "3", 1);
  const Json found = json_of("doctor --json");
  unsetenv("NACRE_THREADS");
  EXPECT_EQ(found["threads"]["count"], 3);
  EXPECT_NE(found["threads"]["why"].get<std::string>().find("NACRE_THREADS"), std::string::npos);
  EXPECT_FALSE(found["cpu"]["kernels"].get<std::string>().empty());
  bool native = false;
  for (const Json& backend : found["backends"]) {
    native |= backend["name"] == "native" && backend["available"] == true;
    EXPECT_GT(backend["operators"].size(), 200u) << backend["name"];
    if (backend["name"] == "native") EXPECT_GT(backend["devices"][0]["compute_units"].get<int>(), 0);
    if (backend["name"] == "null") EXPECT_TRUE(backend["devices"].empty());
    if (backend["available"] == false) EXPECT_FALSE(backend["reason"].get<std::string>().empty());
  }
  EXPECT_TRUE(native);
  for (const Json& knob : found["knobs"])
    if (knob["variable"] == "NACRE_THREADS") EXPECT_EQ(knob["value"], "3");
  EXPECT_NE(run("doctor").out.find("NACRE_CACHE_DIR"), std::string::npos);
}

TEST_F(Cli, DoctorCountsTheCacheAndClearsIt) {
  EXPECT_EQ(run("doctor --clear-cache").code, 2);  // nothing is kept where no directory is named
  setenv("NACRE_CACHE_DIR", path("cache").c_str(), 1);
  const Json cache = json_of("doctor --json")["cache"];
  EXPECT_EQ(cache["usable"], true);
  EXPECT_EQ(cache["files"], 0);
  EXPECT_EQ(cache["limit_bytes"], int64_t{4} << 30);
  EXPECT_NE(run("doctor --clear-cache").out.find("removed"), std::string::npos);
  unsetenv("NACRE_CACHE_DIR");
}

#if __has_include("nacre/embed.h")
// tests/cli/data/bert comes from make_bert.py, which works the embeddings out by itself.
TEST_F(Cli, EmbedGivesOneJsonLineASentence) {
  const Json expected = Json::parse(read(kData + "bert/expected.json"));
  std::string arguments, lines;
  for (const auto& [sentence, vector] : expected.items()) arguments += " '" + sentence + "'", lines += sentence + "\n";
  const Answer from_arguments = run("embed --model " + kData + "bert --output json --" + arguments);
  EXPECT_EQ(from_arguments.code, 0) << from_arguments.err;
  std::istringstream answers(from_arguments.out);
  std::string line;
  for (const auto& [sentence, vector] : expected.items()) {
    ASSERT_TRUE(std::getline(answers, line)) << sentence;
    EXPECT_EQ(Json::parse(line)["text"], sentence);
    expect_close(Json::parse(line)["embedding"], vector);
  }
  EXPECT_FALSE(std::getline(answers, line));
  const Answer from_lines = run("embed --model " + kData + "bert --output json", " >" + path("out") + " <" + write("lines", lines));
  EXPECT_EQ(from_lines.out, from_arguments.out) << from_lines.err;
}

TEST_F(Cli, EmbedTakesBracketsAsText) {
  const Answer answer = run("embed --model " + kData + "bert --output json -- '[man]' 'man'");
  ASSERT_EQ(answer.code, 0) << answer.err;
  EXPECT_EQ(Json::parse(answer.out.substr(0, answer.out.find('\n')))["text"], "[man]");
}

TEST_F(Cli, EmbedShowsHowAlikeSentencesAre) {
  const Answer answer = run("embed --output table --model " + kData + "bert -- 'A man is eating.' 'a man is EATING .' 'dinner'");
  EXPECT_EQ(answer.code, 0) << answer.err;
  EXPECT_NE(answer.out.find("1.000  1.000"), std::string::npos) << "the first two have the same tokens: " << answer.out;
  EXPECT_NE(answer.out.find("3 sentences"), std::string::npos);
}

TEST_F(Cli, EmbedRefusesWhatIsNoEmbeddingModel) {
  expect_error("embed --model " + path("nowhere") + " -- hello", 2, {"nowhere", "no such directory"});
  fs::create_directories(folder_ / "empty");
  const Answer empty = run("embed --model " + path("empty") + " -- hello");
  EXPECT_NE(empty.code, 0);
  EXPECT_EQ(empty.err.rfind("nacre: " + path("empty"), 0), 0u) << empty.err;
  expect_error("embed --model " + kData + "bert --output xml -- hello", 2, {"--output"});
  expect_error("embed --model " + kData + "bert --backend cuda9 -- hello", 2, {"cuda9", "native"});
}
#endif

TEST_F(Cli, AClosedPipeEndsQuietly) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  close(ends[0]);
  const Answer answer = run("ops", " >&" + std::to_string(ends[1]));
  close(ends[1]);
  EXPECT_EQ(answer.code, 0);
  EXPECT_EQ(answer.err, "");
}

TEST_F(Cli, AFullDiskIsAnError) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  const Answer answer = run("ops", " >/dev/full");
  EXPECT_EQ(answer.code, 1);
  EXPECT_NE(answer.err.find("standard output"), std::string::npos) << answer.err;
}

}  // namespace
