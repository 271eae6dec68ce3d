// Chat templates against jinja2 as transformers sets it up, and templates that mean harm.
#include "text/chat_template.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "tests/shared.h"
#include "text/tokenizer.h"

namespace nacre {
namespace {

namespace fs = std::filesystem;

/// 2024-07-26T14:05:09, the `now` of the goldens.
std::tm golden_time() {
  std::tm out{};
  out.tm_year = 124, out.tm_mon = 6, out.tm_mday = 26, out.tm_hour = 14, out.tm_min = 5, out.tm_sec = 9;
  out.tm_wday = 5, out.tm_yday = 207;
  return out;
}

using Rendering = std::expected<RenderedChat, TemplateFailure>;

Rendering render(std::string_view source, const OrderedJson& context, ChatOptions options = {}) {
  if (!options.now) options.now = golden_time();
  const auto parsed = ChatTemplate::parse(source);
  if (!parsed) return std::unexpected(TemplateFailure{TemplateFailure::Kind::syntax, parsed.error().message()});
  ChatTemplate::Variables variables;
  for (size_t i = 0; i < context.keys.size(); ++i) variables.emplace_back(context.keys[i], &context.elements[i]);
  return parsed->render(variables, options);
}

Rendering render(std::string_view source, ChatOptions options = {}) { return render(source, OrderedJson{}, options); }

std::string outcome(const Rendering& rendering) {
  return rendering ? rendering->text : cat("error ", to_string(rendering.error().kind), ": ", rendering.error().message);
}

OrderedJson read_ordered(const std::string& name) { return *parse_ordered_json(read_gz(shared_path("chat_templates/" + name))); }

void add_entries(OrderedJson& object, const OrderedJson& more) {
  object.keys.insert(object.keys.end(), more.keys.begin(), more.keys.end());
  object.elements.insert(object.elements.end(), more.elements.begin(), more.elements.end());
}

TEST(ChatTemplate, EverySnippetOfTheLanguageIsEqual) {
  NACRE_NEEDS_SHARED("chat_templates/jinja_snippets.json");
  const OrderedJson file = read_ordered("jinja_snippets.json");
  size_t checked = 0;
  for (const OrderedJson& entry : file.find("cases")->elements) {
    const std::string& source = entry.find("template")->text;
    const Rendering got = render(source, *file.find("context"));
    ++checked;
    if (const OrderedJson* out = entry.find("out")) {
      EXPECT_EQ(outcome(got), out->text) << source;
      continue;
    }
    const OrderedJson* kind = entry.find("error");
    ASSERT_FALSE(got) << source << " gives " << got->text;
    EXPECT_EQ(to_string(got.error().kind), kind ? kind->text : "syntax") << source << ": " << got.error().message;
    if (kind && kind->text != "other") EXPECT_EQ(got.error().message, entry.find("message")->text) << source;
  }
  EXPECT_EQ(checked, 317u);
}

/// Beside the shared snippets: errors of types, slices, formats, scopes; make_jinja_cases.py has jinja2 answer them.
TEST(ChatTemplate, CornersOfTheLanguageAreThoseOfJinja2) {
  const auto file = parse_ordered_json(read_gz(NACRE_SOURCE_DIR "/tests/text/data/jinja_cases.json"));
  ASSERT_TRUE(file) << file.error().what();
  EXPECT_GE(file->find("cases")->elements.size(), 180u);
  for (const OrderedJson& entry : file->find("cases")->elements) {
    const std::string& source = entry.find("template")->text;
    const Rendering got = render(source, *file->find("context"));
    if (const OrderedJson* out = entry.find("out")) {
      EXPECT_EQ(outcome(got), out->text) << source;
      continue;
    }
    const std::string& kind = entry.find("error")->text;
    ASSERT_FALSE(got) << source << " gives " << got->text;
    EXPECT_EQ(to_string(got.error().kind), kind) << source << ": " << got.error().message;
    if (kind != "other" && kind != "syntax") EXPECT_EQ(got.error().message, entry.find("message")->text) << source;
  }
}

TEST(ChatTemplate, EveryTemplateRendersEveryConversationEqually) {
  NACRE_NEEDS_SHARED("chat_templates/golden.jsonl");
  const OrderedJson file = read_ordered("conversations.json");
  size_t checked = 0;
  for (const Json& line : read_json_lines(shared_path("chat_templates/golden.jsonl"), golden_step())) {
    const std::string name(*line.text("template")), conversation(*line.text("conversation"));
    OrderedJson context = *file.find("conversations")->find(conversation);
    add_entries(context, *file.find("tokens")->find(name));
    const Rendering got = render(read_gz(shared_path("chat_templates/" + name + ".jinja")), context,
                                 {.add_generation_prompt = *line.boolean("add_generation_prompt")});
    const std::string where = name + " " + conversation;
    ++checked;
    if (line.has("out")) {
      EXPECT_EQ(outcome(got), *line.text("out")) << where;
    } else {
      ASSERT_FALSE(got) << where;
      EXPECT_EQ(to_string(got.error().kind), *line.text("error")) << where << ": " << got.error().message;
      EXPECT_EQ(got.error().message, *line.text("message")) << where;
    }
    if (!got || !line.has("generation_spans")) continue;
    const auto spans = *line.at("generation_spans")->elements();
    ASSERT_EQ(got->generation_spans.size(), spans.size()) << where;
    for (size_t i = 0; i < spans.size(); ++i) {
      EXPECT_EQ(static_cast<int64_t>(got->generation_spans[i].first), (*spans[i].integers())[0]) << where;
      EXPECT_EQ(static_cast<int64_t>(got->generation_spans[i].second), (*spans[i].integers())[1]) << where;
    }
  }
  EXPECT_EQ(checked, golden_share(680));
}

TEST(ChatTemplate, RenderedChatsHaveTheIdsOfTheReference) {
  NACRE_NEEDS_SHARED("chat_templates/chat_ids.jsonl");
  const OrderedJson file = read_ordered("conversations.json");
  std::map<std::string, Tokenizer> tokenizers;
  size_t checked = 0;
  for (const Json& line : read_json_lines(shared_path("chat_templates/chat_ids.jsonl"))) {
    const std::string name(*line.text("template")), which(*line.text("tokenizer"));
    if (!tokenizers.contains(which)) {
      auto tokenizer = Tokenizer::parse(read_gz(shared_path("tokenizers/" + which + "/tokenizer.json.gz")));
      ASSERT_TRUE(tokenizer) << which << ": " << tokenizer.error().what();
      tokenizers.emplace(which, std::move(*tokenizer));
    }
    OrderedJson context = *file.find("conversations")->find(*line.text("conversation"));
    add_entries(context, *file.find("tokens")->find(name));
    const Rendering got = render(read_gz(shared_path("chat_templates/" + name + ".jinja")), context,
                                 {.add_generation_prompt = *line.boolean("add_generation_prompt")});
    ASSERT_TRUE(got) << name;
    const auto encoding = tokenizers.at(which).encode(got->text, {.add_special_tokens = false});
    ASSERT_TRUE(encoding) << encoding.error().what();
    EXPECT_EQ(std::vector<int64_t>(encoding->ids.begin(), encoding->ids.end()), *line.at("ids")->integers()) << name << " " << got->text;
    ++checked;
  }
  EXPECT_EQ(checked, 82u);
}

TEST(ChatTemplate, ErrorsNameTheLine) {
  const auto parsed = ChatTemplate::parse("a\n{% if %}\n");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().message().find("chat template, line 2: "), 0u) << parsed.error().message();
  const Rendering got = render("a\n\n{{ x.y }}");
  ASSERT_FALSE(got);
  EXPECT_EQ(std::string(got.error().error().message()), "chat template, line 3: 'x' is undefined");
}

/// Each of these would run for ever, or take all memory, or the whole stack.
TEST(ChatTemplate, HarmfulTemplatesEndInAnErrorOfTheLimits) {
  const std::vector<std::string> harmful{
      "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
      "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
      "{% for a in range(99999) %}{{ 'x' * 100000 }}{% endfor %}",
      "{{ 'x' * 1000000000000 }}",
      "{{ [0] * 1000000000000 }}",
      "{% set ns = namespace(s='xxxxxxxx') %}{% for a in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
      "{% set ns = namespace(l=[1]) %}{% for a in range(99) %}{% set ns.l = ns.l + ns.l %}{% endfor %}",
      "{% set ns = namespace(l=[]) %}{% for a in range(999) %}{% set ns.l = [ns.l] %}{% endfor %}",
      "{% set ns = namespace(l='x') %}{% for a in range(40) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}",
      "{% set ns = namespace(l='x') %}{% for a in range(40) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l == [ns.l, 1] or ns.l|tojson "
      "}}",
      "{{ '%99999999d' % 1 }}",
      "{{ '{:99999999}'.format(1) }}",
      "{{ 'x'.center(999999999) }}",
      "{{ 'x'|replace('', 'y' * 10000000)|replace('y', 'z' * 10000000) }}",
      "{{ [1]|batch(99999999, 0) }}",
      "{% for x in [[]] recursive %}{{ loop([x]) }}{% endfor %}",
      "{% set ns = namespace() %}{% macro f() %}{% macro g() %}{{ f() }}{% endmacro %}{{ g() }}{% endmacro %}{{ f() }}",
  };
  for (const std::string& source : harmful) {
    const Rendering got = render(source);
    ASSERT_FALSE(got) << source;
    EXPECT_EQ(got.error().kind, TemplateFailure::Kind::limit) << source << ": " << got.error().message;
  }
}

TEST(ChatTemplate, DeepNestingIsRefusedByTheParser) {
  const auto repeated = [](std::string_view text, int count) {
    std::string out;
    for (int i = 0; i < count; ++i) out += text;
    return out;
  };
  for (const std::string& source :
       {"{{ " + repeated("(", 100000) + repeated(")", 100000) + " }}", "{{ " + repeated("[", 100000) + " }}",
        "{{ " + repeated("not ", 100000) + "a }}", "{{ " + repeated("-", 100000) + "1 }}", "{{ a" + repeated(".b", 100000) + " }}",
        "{{ 1" + repeated("+1", 100000) + " }}", "{{ a" + repeated("|e", 100000) + " }}", repeated("{% if a %}", 100000),
        repeated("{% for a in b %}", 100000), "{{ " + repeated("1 if a else ", 100000) + "1 }}",
        "{% set " + repeated("(", 100000) + " %}"}) {
    const auto parsed = ChatTemplate::parse(source);
    ASSERT_FALSE(parsed) << source.substr(0, 40);
    EXPECT_EQ(parsed.error().code(), ErrorCode::invalid_model);
  }
}

/// Chains of what holds each other are taken apart without recursion; a leak shows under the sanitizers.
TEST(ChatTemplate, CirclesAndLongChainsOfObjectsAreFreed) {
  EXPECT_EQ(
      outcome(render("{% set a = namespace() %}{% set a.me = a %}{% set a.l = [a] %}{% macro m() %}{% endmacro %}{% set a.m = m %}ok")),
      "ok");
  EXPECT_EQ(outcome(render(
                "{% set a = namespace(p=none) %}{% for i in range(99999) %}{% set b = namespace(p=a.p) %}{% set a.p = b %}{% endfor %}ok")),
            "ok");
  EXPECT_EQ(outcome(render("{% set a = namespace(l=none) %}{% for i in range(99999) %}{% set p = a.l %}"
                           "{% for x in [1] %}{% set a.l = loop %}{% endfor %}{% endfor %}ok")),
            "ok");
  EXPECT_EQ(outcome(render("{% set a = namespace(m=none) %}{% for i in range(9999) %}{% set p = a.m %}{% macro m() %}{{ p }}{% endmacro %}"
                           "{% set a.m = m %}{% endfor %}ok")),
            "ok");
}

TEST(ChatTemplate, NothingButTheArgumentsCanBeReached) {
  for (const char* source : {"{{ ''.__class__.__mro__ }}", "{{ [].__class__() }}", "{{ x.__globals__['os'] }}", "{{ d.update({}) }}",
                             "{% include '/etc/passwd' %}", "{% import 'os' as os %}", "{% extends 'x' %}", "{{ self }}{{ self.x }}"})
    EXPECT_FALSE(render(source)) << source;
}

TEST(ChatTemplate, UnknownFiltersInBranchesAreErrorsOnlyWhenTheyAreUsed) {
  EXPECT_EQ(outcome(render("{% if false %}{{ 1|nofilter }}{% endif %}{{ 1 if true else 2|nofilter }}")), "1");
  EXPECT_EQ(render("{% if true %}{{ 1|nofilter }}{% endif %}").error().kind, TemplateFailure::Kind::raised);
  EXPECT_FALSE(ChatTemplate::parse("{% for a in [] %}{{ 1|nofilter }}{% endfor %}"));
}

class TemplateDirectory : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "nacre_chat_XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
  }
  void TearDown() override { fs::remove_all(root_); }
  void write(const std::string& name, std::string_view text) const {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << text;
  }
  std::string rendered(std::string_view name = {}) const {
    const auto chat = ChatTemplate::load(root_.string(), name);
    return chat ? outcome(chat->render({})) : "error: " + chat.error().message();
  }
  fs::path root_;
};

TEST_F(TemplateDirectory, TheTemplateAndTheTokensComeFromTheDirectory) {
  EXPECT_EQ(rendered().find("error: no chat template in "), 0u) << rendered();
  write("tokenizer_config.json", R"({"chat_template": "{{ bos_token }}|{{ eos_token }}", "bos_token": {"content": "<s>"}})");
  write("special_tokens_map.json", R"({"eos_token": "</s>", "bos_token": "other"})");
  EXPECT_EQ(rendered(), "<s>|</s>");
  write("chat_template.jinja", "file");
  EXPECT_EQ(rendered(), "file");
}

TEST_F(TemplateDirectory, OneOfSeveralIsChosenByName) {
  write("tokenizer_config.json", R"({"chat_template": [{"name": "default", "template": "d"}, {"name": "tool_use", "template": "t"}]})");
  EXPECT_EQ(rendered(), "d");
  EXPECT_EQ(rendered("tool_use"), "t");
  EXPECT_EQ(rendered("rag"), "error: chat_template: no template \"rag\"; there are: default, tool_use");
  write("additional_chat_templates/rag.jinja", "r");
  EXPECT_EQ(rendered("rag"), "r");
}

}  // namespace
}  // namespace nacre
