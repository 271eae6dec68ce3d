#include "text/chat_template.h"

#include "core/os/file.h"
#include "text/template/engine.h"
#include "text/template/functions.h"
#include "text/template/parser.h"
#include "text/unicode.h"

namespace nacre {

struct ChatTemplate::Parsed {
  std::string source;
  std::vector<templates::Statement> body;
};

namespace {

using templates::TemplateError;
using Item = templates::Value;  // of a template; nacre::Value is a runtime's

TemplateFailure failure_of(TemplateError error) {
  return {static_cast<TemplateFailure::Kind>(error.kind), std::move(error.message), error.line};
}

Item value_of(const OrderedJson& json) {
  switch (json.kind) {
    case Json::Kind::null: return Item::none();
    case Json::Kind::boolean: return Item(json.boolean);
    case Json::Kind::text: return Item(json.text);
    case Json::Kind::integer:
      if (Item whole = templates::parse_integer(json.text, 10); !whole.is_undefined()) return whole;
      [[fallthrough]];  // more than 128 bits
    case Json::Kind::real: return Item(templates::parse_real(json.text).value_or(0));
    case Json::Kind::list: {
      std::vector<Item> items;
      for (const OrderedJson& element : json.elements) items.push_back(value_of(element));
      return Item::list(std::move(items));
    }
    case Json::Kind::object: {
      std::vector<std::pair<Item, Item>> entries;
      for (size_t i = 0; i < json.keys.size(); ++i) entries.emplace_back(Item(json.keys[i]), value_of(json.elements[i]));
      return Item::dict(std::move(entries));
    }
  }
  return Item::none();
}

std::tm local_time() {
  const std::time_t now = std::time(nullptr);
  std::tm out{};
  if (const std::tm* found = std::localtime(&now)) out = *found;
  return out;
}

Result<std::string> read_text(const std::string& path) {
  const MappedFile file = NACRE_TRY(map_file(path));
  constexpr size_t longest = size_t{16} << 20;
  if (file.text().size() > longest) return fail(ErrorCode::resource_exhausted, path, ": a template of ", file.text().size(), " bytes");
  return std::string(file.text());
}

/// "<s>", or {"content": "<s>", ...} as older files have it.
Result<std::string> token_text(const Json& json) {
  if (json.is_object()) return std::string(NACRE_TRY(json.text("content", "")));
  return std::string(NACRE_TRY(json.text()));
}

constexpr std::string_view kTokens[] = {"bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"};

Result<void> read_tokens(const Json& json, std::vector<std::pair<std::string, std::string>>& out) {
  for (const std::string_view name : kTokens) {
    bool known = false;
    for (const auto& [other, text] : out) known |= other == name;
    if (!known && json.has(name)) out.emplace_back(name, NACRE_TRY(token_text(NACRE_TRY(json.at(name)))));
  }
  return {};
}

Result<Json> read_json(const std::string& path) {
  if (!is_file(path)) return parse_json("{}");
  const MappedFile file = NACRE_TRY(map_file(path));
  Result<Json> out = parse_json(file.text());
  if (!out) out.error().within(path);
  return out;
}

/// One text, or a list of {"name", "template"}.
Result<std::string> named_template(const Json& json, std::string_view name) {
  if (json.is_text()) return std::string(NACRE_TRY(json.text()));
  std::string known;
  for (const Json& each : NACRE_TRY(json.elements())) {
    const std::string_view its = NACRE_TRY(each.text("name"));
    if (its == (name.empty() ? "default" : name)) return std::string(NACRE_TRY(each.text("template")));
    known += cat(known.empty() ? "" : ", ", its);
  }
  return fail(ErrorCode::not_found, "chat_template: no template \"", name.empty() ? "default" : name, "\"; there are: ", known);
}

Result<std::string> find_source(const std::string& directory, const Json& config, std::string_view name) {
  const std::string plain = directory + "/chat_template.jinja";
  const std::string other = cat(directory, "/additional_chat_templates/", name, ".jinja");
  const bool named = !name.empty() && name != "default" && name.find('/') == name.npos;
  if (named && is_file(other)) return read_text(other);
  if (!named && is_file(plain)) return read_text(plain);
  if (config.has("chat_template")) return named_template(NACRE_TRY(config.at("chat_template")), name);
  const Json old = NACRE_TRY(read_json(directory + "/chat_template.json"));
  if (old.has("chat_template")) return named_template(NACRE_TRY(old.at("chat_template")), name);
  return fail(ErrorCode::not_found, "no chat template", named ? cat(" \"", name, "\"") : "", " in ", directory,
              ": looked for chat_template.jinja, additional_chat_templates/, and \"chat_template\" in tokenizer_config.json and "
              "chat_template.json");
}

}  // namespace

Error TemplateFailure::error() const {
  const std::string where = line > 0 ? cat("chat template, line ", line, ": ") : "chat template: ";
  const ErrorCode code = kind == Kind::syntax  ? ErrorCode::invalid_model
                         : kind == Kind::limit ? ErrorCode::resource_exhausted
                                               : ErrorCode::invalid_argument;
  return Error(code, where + message);
}

std::string_view to_string(TemplateFailure::Kind kind) noexcept {
  constexpr std::string_view names[] = {"syntax", "raised", "undefined", "security", "other", "limit"};
  return names[static_cast<size_t>(kind)];
}

Result<ChatTemplate> ChatTemplate::parse(std::string_view source) {
  auto body = templates::parse_template(source);
  if (!body) return std::unexpected(failure_of(std::move(body).error()).error());
  ChatTemplate out;
  out.parsed_ = std::make_shared<const Parsed>(Parsed{std::string(source), std::move(*body)});
  return out;
}

Result<ChatTemplate> ChatTemplate::load(const std::string& path, std::string_view name) {
  if (!is_directory(path)) return parse(NACRE_TRY(read_text(path)));
  const Json config = NACRE_TRY(read_json(path + "/tokenizer_config.json"));
  ChatTemplate out = NACRE_TRY(parse(NACRE_TRY(find_source(path, config, name))));
  NACRE_TRY(read_tokens(config, out.tokens_));
  NACRE_TRY(read_tokens(NACRE_TRY(read_json(path + "/special_tokens_map.json")), out.tokens_));
  return out;
}

const std::string& ChatTemplate::source() const noexcept { return parsed_->source; }

std::expected<RenderedChat, TemplateFailure> ChatTemplate::render(const Variables& variables, const ChatOptions& options) const {
  std::vector<std::pair<std::string, Item>> context{
      {"tools", Item::none()}, {"documents", Item::none()}, {"add_generation_prompt", Item(options.add_generation_prompt)}};
  const auto set = [&](const std::string& name, Item value) {
    for (auto& [known, held] : context)
      if (known == name) return held = std::move(value), void();
    context.emplace_back(name, std::move(value));
  };
  for (const auto& [name, text] : tokens_) set(name, Item(text));
  for (const auto& [name, json] : variables) set(name, value_of(*json));
  templates::Engine engine({.steps = options.steps, .output = options.output_bytes}, options.now ? *options.now : local_time());
  if (auto ran = engine.run(parsed_->body, std::move(context)); !ran) return std::unexpected(failure_of(std::move(ran).error()));
  return RenderedChat{std::move(engine.output()), engine.generated()};
}

}  // namespace nacre
