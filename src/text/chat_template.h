// A conversation to the prompt a model was trained on, by the template in its directory.
//
//     ChatTemplate chat = NACRE_TRY(ChatTemplate::load("models/qwen3"));
//     OrderedJson messages = NACRE_TRY(parse_ordered_json(R"([{"role": "user", "content": "Hi"}])"));
//     auto prompt = chat.render({{"messages", &messages}}, {.add_generation_prompt = true});
//     if (prompt) use(prompt->text); else report(prompt.error().message);
//
// Templates are a subset of Jinja, ours, with the settings of transformers: trim_blocks, lstrip_blocks, loop controls, `generation`
// blocks, tojson, raise_exception, strftime_now. A template is data from outside: it sees its variables and nothing else, and it
// runs within limits.
#pragma once

#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/ordered_json.h"

namespace nacre {

struct RenderedChat {
  std::string text;
  /// [begin, end) in characters, of what {% generation %} blocks wrote.
  std::vector<std::pair<size_t, size_t>> generation_spans;
};

struct TemplateFailure {
  enum class Kind : uint8_t { syntax, raised, undefined, security, other, limit };
  Kind kind = Kind::other;
  std::string message;  ///< of `raised` what the template says
  int line = 0;
  /// As the library's error: "chat template, line 3: 'x' is undefined".
  Error error() const;
};
std::string_view to_string(TemplateFailure::Kind kind) noexcept;

struct ChatOptions {
  bool add_generation_prompt = false;
  std::optional<std::tm> now;  ///< of strftime_now; none: the local time
  int64_t steps = 10'000'000;
  int64_t output_bytes = int64_t{64} << 20;
};

class ChatTemplate {
 public:
  /// Fails (invalid_model) naming the line.
  static Result<ChatTemplate> parse(std::string_view source);
  /// A template's file; or a directory: chat_template.jinja, else "chat_template" of tokenizer_config.json, whose special tokens
  /// become variables. `name`: one of several ("default", "tool_use"); without it "default".
  static Result<ChatTemplate> load(const std::string& path, std::string_view name = {});

  using Variables = std::vector<std::pair<std::string, const OrderedJson*>>;
  /// `tools` and `documents` are None where they are not given, as transformers has it.
  std::expected<RenderedChat, TemplateFailure> render(const Variables& variables, const ChatOptions& options = {}) const;

  /// bos_token, eos_token and so on, from the directory.
  const std::vector<std::pair<std::string, std::string>>& tokens() const noexcept { return tokens_; }
  const std::string& source() const noexcept;

 private:
  struct Parsed;
  std::shared_ptr<const Parsed> parsed_;
  std::vector<std::pair<std::string, std::string>> tokens_;
};

}  // namespace nacre
