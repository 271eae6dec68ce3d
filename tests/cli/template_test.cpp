// nacre template: conversations in, prompts out, as a user meets it.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class CliTemplate : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("nacre_template_" + std::to_string(getpid()));
    fs::create_directories(folder_ / "model");
    write("model/chat_template.jinja",
          "{{ bos_token }}{% for m in messages %}<{{ m.role }}>{% generation %}{{ m.content }}{% endgeneration %}{% endfor %}"
          "{% if tools %}{{ tools|tojson }}{% endif %}{% if add_generation_prompt %}<assistant>{% endif %}{{ extra }}");
    write("model/tokenizer_config.json", R"({"bos_token": "<s>"})");
    write("chat.json", R"([{"role": "user", "content": "Grüße [1]\n"}])");
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return (folder_ / name).string();
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  int run(const std::string& arguments, const std::string& input = "/dev/null") {
    const std::string command = NACRE_BINARY_DIR "/nacre template " + arguments + " <" + input + " >" + path("out") + " 2>" + path("err");
    const int status = std::system(command.c_str());
    out_ = read(folder_ / "out"), err_ = read(folder_ / "err");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
  }

  fs::path folder_;
  std::string out_, err_;
};

TEST_F(CliTemplate, RendersAFileAndStandardInput) {
  const std::string model = "--template " + path("model");
  EXPECT_EQ(run(model + " --add-generation-prompt " + path("chat.json")), 0) << err_;
  EXPECT_EQ(out_, "<s><user>Grüße [1]\n<assistant>");
  EXPECT_EQ(run(model, path("chat.json")), 0) << err_;
  EXPECT_EQ(out_, "<s><user>Grüße [1]\n");
}

TEST_F(CliTemplate, ToolsKeepTheirOrderAndVariablesAreJsonOrText) {
  const std::string tools = write("tools.json", R"([{"z": 1.0, "a": 12345678901234567890}])");
  EXPECT_EQ(run("--template " + path("model") + " --tools " + tools + " --set extra=[1,2] --set bos_token=^ " + path("chat.json")), 0)
      << err_;
  EXPECT_EQ(out_, "^<user>Grüße [1]\n[{\"z\": 1.0, \"a\": 12345678901234567890}][1, 2]");
}

TEST_F(CliTemplate, JsonHasTheSpansInCharacters) {
  EXPECT_EQ(run("--output json --template " + path("model") + " " + path("chat.json")), 0) << err_;
  EXPECT_EQ(out_, "{\"text\": \"<s><user>Grüße [1]\\n\", \"generation_spans\": [[9, 19]]}\n");
}

TEST_F(CliTemplate, WhatIsWrongIsNamed) {
  EXPECT_EQ(run("--template " + path("nowhere") + " " + path("chat.json")), 2);
  EXPECT_NE(err_.find("no such directory"), std::string::npos) << err_;
  EXPECT_EQ(run("--template " + path("model") + " " + write("bad.json", "{\"a\": 1}")), 2);
  EXPECT_NE(err_.find("an object with \"messages\""), std::string::npos) << err_;
  EXPECT_EQ(run("--template " + write("raise.jinja", "{{ raise_exception('no system role') }}") + " " + path("chat.json")), 2);
  EXPECT_NE(err_.find("chat template, line 1: no system role"), std::string::npos) << err_;
  EXPECT_EQ(run("--template " + write("loop.jinja", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}") + " " + path("chat.json")), 1);
  EXPECT_NE(err_.find("recurses deeper"), std::string::npos) << err_;
}

}  // namespace
