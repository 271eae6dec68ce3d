// nacre template --template DIR: a conversation to the prompt that a model was trained on.
#include <algorithm>
#include <cstdio>

#include "cli/command.h"
#include "cli/print.h"
#include "core/os/file.h"
#include "importers/huggingface/directory.h"
#include "text/chat_template.h"

namespace nacre::cli {
namespace {

struct Options {
  std::string path, name, conversation, tools, documents, output = "text";
  std::vector<std::string> variables;
  bool add_generation_prompt = false;
};

std::string read_input() {
  std::string out;
  for (int c; (c = std::getchar()) != EOF;) out += static_cast<char>(c);
  return out;
}

OrderedJson read_json(const std::string& path) {
  if (path.empty() || path == "-") return check(parse_ordered_json(read_input()), "standard input");
  const MappedFile file = check(map_file(path), path);
  return check(parse_ordered_json(file.text()), path);
}

/// JSON where it is JSON ("true", "[1]"), else text.
OrderedJson value_of(const std::string& text) {
  auto json = parse_ordered_json(text);
  return json ? std::move(*json) : OrderedJson{.kind = Json::Kind::text, .text = text};
}

/// The variables of a rendering, which the pointers of ChatTemplate::Variables look into.
class Variables {
 public:
  void set(std::string name, OrderedJson value) {
    names_.push_back(std::move(name));
    values_.push_back(std::move(value));
  }

  /// A list of messages, or an object whose members are variables, "messages" among them.
  void set_conversation(OrderedJson json) {
    if (json.kind == Json::Kind::list) return set("messages", std::move(json));
    if (!json.find("messages")) throw wrong_use("", "the conversation: expected a list of messages, or an object with \"messages\"");
    for (size_t i = 0; i < json.keys.size(); ++i) set(json.keys[i], std::move(json.elements[i]));
  }

  ChatTemplate::Variables all() const {
    ChatTemplate::Variables out;
    for (size_t i = 0; i < names_.size(); ++i) out.emplace_back(names_[i], &values_[i]);
    return out;
  }
  bool has(std::string_view name) const { return std::find(names_.begin(), names_.end(), name) != names_.end(); }

 private:
  std::vector<std::string> names_;
  std::vector<OrderedJson> values_;
};

Variables variables_of(const Options& options) {
  Variables out;
  out.set_conversation(read_json(options.conversation));
  if (!options.tools.empty()) out.set("tools", read_json(options.tools));
  if (!options.documents.empty()) out.set("documents", read_json(options.documents));
  for (const std::string& given : options.variables) {
    const size_t equals = given.find('=');
    if (equals == std::string::npos || equals == 0) throw wrong_use("--set", "takes NAME=VALUE, not \"", given, "\"");
    out.set(given.substr(0, equals), value_of(given.substr(equals + 1)));
  }
  return out;
}

/// Of several templates the one for tools is taken when there are tools, as transformers does.
ChatTemplate open(const Options& options, bool tools) {
  const std::string path = is_file(options.path) ? options.path : check(ModelDirectory::open(options.path), options.path).path();
  if (options.name.empty() && tools)
    if (auto chat = ChatTemplate::load(path, "tool_use"); chat) return std::move(*chat);
  return check(ChatTemplate::load(path, options.name), options.path);
}

std::string json_line(const RenderedChat& chat) {
  std::string spans;
  for (const auto& [begin, end] : chat.generation_spans) spans += cat(spans.empty() ? "" : ", ", "[", begin, ", ", end, "]");
  return cat("{\"text\": ", json_quoted(chat.text), ", \"generation_spans\": [", spans, "]}\n");
}

int render(const Options& options) {
  const Variables variables = variables_of(options);
  const ChatTemplate chat = open(options, variables.has("tools"));
  auto rendered = chat.render(variables.all(), {.add_generation_prompt = options.add_generation_prompt});
  if (!rendered) throw Failure{options.path, rendered.error().error()};
  print(options.output == "json" ? json_line(*rendered) : rendered->text);
  return kDone;
}

Action configure(Arguments& arguments) {
  auto options = std::make_shared<Options>();
  arguments.option("--template", options->path, "a template's file, or a model's directory (chat_template.jinja or tokenizer_config.json)")
      .required();
  arguments.option("--name", options->name,
                   "one of the directory's templates; without it \"default\", or \"tool_use\" when there are tools");
  arguments.flag("--add-generation-prompt", options->add_generation_prompt, "end with what begins the assistant's answer");
  arguments.option("--tools", options->tools, "file with a JSON list of tools");
  arguments.option("--documents", options->documents, "file with a JSON list of documents");
  arguments.option("--set", options->variables, "a variable of the template: NAME=VALUE, JSON or text (again for another)").repeated();
  arguments.option("--output", options->output, "text: the prompt as it is; json: with the spans of the assistant's text, in characters")
      .one_of({"text", "json"});
  arguments.option("CONVERSATION", options->conversation, "JSON file: messages, or an object with them; without it standard input");
  return [options] { return render(*options); };
}

}  // namespace

extern const Command command_template;
const Command command_template{.name = "template",
                               .about = "Turns a conversation into the prompt of a chat model",
                               .example = "nacre template --template Qwen3-0.6B --add-generation-prompt chat.json",
                               .configure = configure};

}  // namespace nacre::cli
