#include "text/tokenizer_files.h"

#include <algorithm>

#include "core/os/file.h"
#include "text/unicode.h"

namespace nacre {
namespace {

constexpr int64_t kMostSentinels = 10000;

/// The parsed file, nothing when there is none.
Result<std::optional<Json>> read_json(const std::string& path) {
  if (!is_file(path)) return std::nullopt;
  const MappedFile file = NACRE_TRY(map_file(path));
  auto json = parse_json(file.text());
  if (!json) json.error().within(path);
  return NACRE_TRY(std::move(json));
}

/// A token as a role has it: a text or an object.
Result<AddedToken> load_special(const Json& json) {
  AddedToken out;
  if (json.is_text()) {
    out.content = NACRE_TRY(json.text());
  } else {
    out = NACRE_TRY(AddedToken::load(json));
  }
  out.special = true;
  if (json.is_text() || !json.has("normalized")) out.normalized = false;
  if (json.is_text()) out.lstrip = out.content == "<mask>";  // as all transformers' classes that have it
  return out;
}

std::string flag(std::string_view name, std::optional<bool> value) {
  return cat("\"", name, "\": ", !value ? "null" : *value ? "true" : "false");
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    out.push_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

/// ["a b", ...] of a merges.txt.
Result<std::string> merges_list(std::string_view text) {
  std::string out;
  const std::vector<std::string_view> lines = lines_of(text);
  for (size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].empty() || (i == 0 && lines[i].starts_with("#version"))) continue;
    if (std::count(lines[i].begin(), lines[i].end(), ' ') != 1)
      return fail(ErrorCode::invalid_model, "merges.txt line ", i + 1, ": expected two tokens, found ", json_quoted(lines[i]));
    out += cat(out.empty() ? "" : ", ", json_quoted(lines[i]));
  }
  return cat("[", out, "]");
}

Result<void> check_utf8(std::string_view text, std::string_view what) {
  const auto bad = find_invalid_utf8(text);
  return bad ? fail(ErrorCode::invalid_model, what, " is not UTF-8 at byte ", *bad) : Result<void>();
}

struct Special {
  std::string content;
  uint32_t id;
};

/// Writes what post-processors put around texts.
struct Around {
  const TokenizerSettings& settings;
  FunctionRef<std::optional<uint32_t>(std::string_view)> find;

  /// The token of a role, or the one that is usual for it, when the vocabulary has it.
  std::optional<Special> token(std::string_view role, std::string_view fallback) const {
    std::string content = settings.role_or(role, fallback);
    const auto id = find(content);
    return id ? std::optional<Special>({std::move(content), *id}) : std::nullopt;
  }

  std::string roberta(const std::optional<Special>& start, const std::optional<Special>& separator, bool trims) const {
    if (!start || !separator) return "";
    const auto entry = [](const Special& special) { return cat("[", json_quoted(special.content), ", ", special.id, "]"); };
    const std::string prefixed = flag("add_prefix_space", trims && settings.add_prefix_space);
    return cat(R"({"type": "RobertaProcessing", "sep": )", entry(*separator), R"(, "cls": )", entry(*start), ", ",
               flag("trim_offsets", trims), ", ", prefixed, "}");
  }

  /// XLNet's: "A end last" and "A end B end last", the last one of type 2.
  static std::string behind(const Special& end, const Special& last) {
    const std::string sep = json_quoted(end.content), cls = json_quoted(last.content);
    const auto piece = [](std::string_view kind, std::string_view id, int type) {
      return cat("{\"", kind, R"(": {"id": )", id, R"(, "type_id": )", type, "}}");
    };
    const std::string first = cat(piece("Sequence", "\"A\"", 0), ", ", piece("SpecialToken", sep, 0), ", ");
    const std::string second = cat(piece("Sequence", "\"B\"", 1), ", ", piece("SpecialToken", sep, 1), ", ");
    const std::string tail = piece("SpecialToken", cls, 2);
    const auto known = [](const std::string& name, uint32_t id) {
      return cat(name, R"(: {"id": )", name, R"(, "ids": [)", id, R"(], "tokens": [)", name, "]}");
    };
    return cat(R"({"type": "TemplateProcessing", "single": [)", first, tail, R"(], "pair": [)", first, second, tail,
               R"(], "special_tokens": {)", known(sep, end.id), ", ", known(cls, last.id), "}}");
  }

  /// "start A end", and "start A end middle B end" for a pair.
  static std::string pairwise(const std::optional<Special>& start, const std::optional<Special>& end, const std::optional<Special>& middle,
                              uint32_t second_type) {
    std::string known;
    for (const auto* special : {&start, &end, &middle})
      if (*special)
        known += cat(known.empty() ? "" : ", ", json_quoted((*special)->content), R"(: {"id": )", json_quoted((*special)->content),
                     R"(, "ids": [)", (*special)->id, R"(], "tokens": [)", json_quoted((*special)->content), "]}");
    const auto special = [](const std::optional<Special>& token, uint32_t type) {
      return token ? cat(R"({"SpecialToken": {"id": )", json_quoted(token->content), R"(, "type_id": )", type, "}}, ") : std::string();
    };
    const auto text = [](std::string_view name, uint32_t type) {
      return cat(R"({"Sequence": {"id": ")", name, R"(", "type_id": )", type, "}}, ");
    };
    std::string single = cat(special(start, 0), text("A", 0), special(end, 0));
    std::string pair = cat(single, special(middle, second_type), text("B", second_type), special(end, second_type));
    single.resize(single.size() - 2);
    pair.resize(pair.size() - 2);
    return cat(R"({"type": "TemplateProcessing", "single": [)", single, R"(], "pair": [)", pair, R"(], "special_tokens": {)", known, "}}");
  }
};

// GPT-2's file, and CLIP's, whose words end in "</w>".
constexpr std::string_view kByteLevel = R"("normalizer": null,
  "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": PREFIX, "trim_offsets": true, "use_regex": true},)";
constexpr std::string_view kClip = R"("normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"},
    {"type": "Replace", "pattern": {"Regex": "\\s+"}, "content": " "}, {"type": "Lowercase"}]},
  "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
    {"type": "Split", "pattern": {"Regex": "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+"}, "behavior": "Removed", "invert": true},
    {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}]},)";

}  // namespace

Result<TokenizerSettings> TokenizerSettings::read(const std::string& directory) {
  TokenizerSettings out;
  const auto map = NACRE_TRY(read_json(directory + "/special_tokens_map.json"));
  if (map) NACRE_TRY(out.read_roles(*map));
  const auto config = NACRE_TRY(read_json(directory + "/tokenizer_config.json"));
  if (config) NACRE_TRY(out.read_config(*config));
  const auto model = NACRE_TRY(read_json(directory + "/config.json"));
  if (model) NACRE_TRY(out.read_model(*model));
  const auto added = NACRE_TRY(read_json(directory + "/added_tokens.json"));
  out.found = map || config || model || added;
  if (added) NACRE_TRY(out.read_ids(*added));
  return out;
}

Result<void> TokenizerSettings::read_config(const Json& json) {
  lower_case = NACRE_TRY(json.boolean("do_lower_case", true));
  ideographs = NACRE_TRY(json.boolean("tokenize_chinese_chars", true));
  add_prefix_space = NACRE_TRY(json.boolean("add_prefix_space", false));
  if (json.has("strip_accents")) strip_accents = NACRE_TRY(json.boolean("strip_accents"));
  if (json.has("keep_accents")) keep_accents = NACRE_TRY(json.boolean("keep_accents"));
  if (json.has("do_lower_case")) lower_pieces = lower_case;
  if (json.has("add_prefix_space")) pieces_prefix = add_prefix_space;
  if (json.has("legacy")) legacy = NACRE_TRY(json.boolean("legacy"));
  split_by_punctuation = NACRE_TRY(json.boolean("split_by_punct", false));
  if (json.has("add_bos_token")) add_bos = NACRE_TRY(json.boolean("add_bos_token"));
  if (json.has("add_eos_token")) add_eos = NACRE_TRY(json.boolean("add_eos_token"));
  sentinels = NACRE_TRY(json.integer("extra_ids", 0));
  if (sentinels < 0 || sentinels > kMostSentinels)
    return fail(ErrorCode::invalid_argument, "extra_ids: ", sentinels, " is outside [0, ", kMostSentinels, "]");
  word_delimiter = NACRE_TRY(json.text("word_delimiter_token", ""));
  NACRE_TRY(read_roles(json));
  if (!json.has("added_tokens_decoder")) return {};
  for (const auto& [id, entry] : NACRE_TRY(NACRE_TRY(json.at("added_tokens_decoder")).entries())) {
    const Json number = NACRE_TRY(parse_json(id));
    by_id[NACRE_TRY(number.integer())] = NACRE_TRY(AddedToken::load(entry));
  }
  return {};
}

// What the tokenizer's files leave to transformers' class: the kind of model says it as well.
Result<void> TokenizerSettings::read_model(const Json& json) {
  model_type = NACRE_TRY(json.text("model_type", ""));
  start_id =
      json.has("bos_token_id") && json.at("bos_token_id")->kind() == Json::Kind::integer ? NACRE_TRY(json.integer("bos_token_id")) : -1;
  constexpr std::string_view begin[] = {"llama", "mistral", "mixtral", "gemma", "gemma2", "gemma3", "gemma3_text"};
  if (!add_bos && std::find(std::begin(begin), std::end(begin), model_type) != std::end(begin)) add_bos = true;
  if (!add_eos && (model_type == "t5" || model_type == "mt5" || model_type == "umt5" || model_type == "pegasus")) add_eos = true;
  if (model_type == "t5" && sentinels == 0 && additional.empty() && by_id.empty()) sentinels = 100;
  return {};
}

Result<void> TokenizerSettings::read_roles(const Json& json) {
  for (const std::string_view name : {"unk_token", "bos_token", "eos_token", "pad_token", "cls_token", "sep_token", "mask_token"})
    if (json.has(name)) roles[std::string(name)] = NACRE_TRY(load_special(NACRE_TRY(json.at(name))));
  if (!json.has("additional_special_tokens")) return {};
  for (const Json& entry : NACRE_TRY(NACRE_TRY(json.at("additional_special_tokens")).elements()))
    additional.push_back(NACRE_TRY(load_special(entry)));
  return {};
}

/// {"<token>": 32000}
Result<void> TokenizerSettings::read_ids(const Json& json) {
  for (const auto& [content, id] : NACRE_TRY(json.integer_entries()))
    if (!by_id.contains(id)) by_id[id] = AddedToken{.content = std::string(content), .normalized = false};
  return {};
}

const AddedToken* TokenizerSettings::role(std::string_view name) const noexcept {
  const auto found = roles.find(name);
  return found == roles.end() ? nullptr : &found->second;
}

std::string TokenizerSettings::role_or(std::string_view name, std::string_view fallback) const {
  const AddedToken* token = role(name);
  return token ? token->content : std::string(fallback);
}

std::vector<AddedToken> TokenizerSettings::tokens() const {
  std::vector<AddedToken> out;
  const auto add = [&](AddedToken token) {
    const auto same = std::find_if(out.begin(), out.end(), [&](const AddedToken& other) { return other.content == token.content; });
    if (same == out.end()) return out.push_back(std::move(token));
    same->special = same->special || token.special;
  };
  for (const auto& [id, token] : by_id) add(token);
  for (const auto& [name, token] : roles) add(token);
  for (const AddedToken& token : additional) add(token);
  for (int64_t i = sentinels; i-- > 0;)
    add({.content = cat("<extra_id_", i, ">"), .lstrip = true, .rstrip = true, .normalized = false, .special = true});
  return out;
}

Result<std::string> json_of_vocab_txt(std::string_view text, const TokenizerSettings& settings) {
  NACRE_TRY(check_utf8(text, "vocab.txt"));
  std::string vocab;
  size_t id = 0;
  for (const std::string_view line : lines_of(text)) vocab += cat(id ? ", " : "", json_quoted(line), ": ", id), ++id;
  if (id == 0) return fail(ErrorCode::invalid_model, "vocab.txt is empty");
  const std::string normalizer =
      cat(R"({"type": "BertNormalizer", "clean_text": true, )", flag("handle_chinese_chars", settings.ideographs), ", ",
          flag("strip_accents", settings.strip_accents), ", ", flag("lowercase", settings.lower_case), "}");
  return cat(R"({"normalizer": )", normalizer, R"(, "pre_tokenizer": {"type": "BertPreTokenizer"}, "decoder": {"type": "WordPiece"},)",
             R"("model": {"type": "WordPiece", "unk_token": )", json_quoted(settings.role_or("unk_token", "[UNK]")), R"(, "vocab": {)",
             vocab, "}}}");
}

Result<std::string> json_of_merges(std::string_view vocab_json, std::string_view merges, const TokenizerSettings& settings) {
  NACRE_TRY(check_utf8(merges, "merges.txt"));
  const std::string list = NACRE_TRY(merges_list(merges));
  const bool clip = vocab_json.find("</w>\"") != vocab_json.npos;
  std::string chain(clip ? kClip : kByteLevel);
  if (const size_t at = chain.find("PREFIX"); at != chain.npos) chain.replace(at, 6, settings.add_prefix_space ? "true" : "false");
  return cat("{", chain, R"("decoder": {"type": "ByteLevel"}, "model": {"type": "BPE", )",
             clip ? cat("\"unk_token\": ", json_quoted(settings.role_or("unk_token", "<|endoftext|>")), ", ") : "",
             R"("end_of_word_suffix": )", clip ? "\"</w>\"" : "\"\"", R"(, "merges": )", list, R"(, "vocab": )", vocab_json, "}}");
}

// Wav2Vec2's: characters, and "|" between words.
Result<std::string> json_of_characters(std::string_view vocab_json, const TokenizerSettings& settings) {
  const std::string delimiter = json_quoted(settings.word_delimiter.empty() ? "|" : settings.word_delimiter);
  const std::string pad = json_quoted(settings.role_or("pad_token", "<pad>"));
  return cat(R"({"normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": )", delimiter,
             R"(}, "pre_tokenizer": {"type": "Split", "pattern": {"String": ""}, "behavior": "Isolated", "invert": false},
  "decoder": {"type": "CTC", "cleanup": true, "pad_token": )",
             pad, R"(, "word_delimiter_token": )", delimiter, R"(}, "model": {"type": "WordLevel", "unk_token": )",
             json_quoted(settings.role_or("unk_token", "<unk>")), R"(, "vocab": )", vocab_json, "}}");
}

std::string post_processor_json(VocabularyFiles files, const TokenizerSettings& settings,
                                FunctionRef<std::optional<uint32_t>(std::string_view)> find) {
  const Around around{settings, find};
  const bool byte_level = files == VocabularyFiles::byte_level, roberta = byte_level && find("<s>") == 0u && find("</s>") == 2u;
  const auto bos = around.token("bos_token", byte_level ? "<|endoftext|>" : settings.start), eos = around.token("eos_token", settings.end);
  if (files == VocabularyFiles::clip)
    return around.roberta(around.token("bos_token", "<|startoftext|>"), around.token("eos_token", "<|endoftext|>"), false);
  if (files == VocabularyFiles::characters) return "";
  const bool fairseq = files == VocabularyFiles::fairseq, xlnet = files == VocabularyFiles::sentencepiece && find("<cls>") && find("<sep>");
  const auto start = around.token("cls_token", roberta || fairseq ? "<s>"
                                               : xlnet            ? "<cls>"
                                                                  : "[CLS]"),
             separator = around.token("sep_token", roberta || fairseq ? "</s>"
                                                   : xlnet            ? "<sep>"
                                                                      : "[SEP]");
  const bool both = start && separator;
  if (both && fairseq) return around.roberta(start, separator, false);
  if (both && xlnet) return around.behind(*separator, *start);
  if (both && byte_level) return around.roberta(start, separator, true);
  if (both && (files == VocabularyFiles::word_piece || start->content == "[CLS]"))
    return around.pairwise(start, separator, std::nullopt, 1);
  const bool with_bos = settings.add_bos.value_or(false), with_eos = settings.add_eos.value_or(settings.sentinels > 0);
  if (byte_level && !with_bos) return R"({"type": "ByteLevel", "trim_offsets": false})";
  if (!with_bos && !with_eos) return "";
  return around.pairwise(with_bos ? bos : std::nullopt, with_eos ? eos : std::nullopt, with_bos ? bos : std::nullopt,
                         settings.sentinels > 0 ? 0 : 1);
}

}  // namespace nacre
