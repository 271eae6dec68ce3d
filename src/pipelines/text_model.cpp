#include "pipelines/text_model.h"

#include <algorithm>

#include "importers/huggingface/sentence_modules.h"
#include "text/tokenizer_files.h"
#include "text/unicode.h"

namespace nacre {
namespace {

struct Head {
  std::string_view ending, task, command;  // no command: there is none yet
};
// The first that fits counts.
constexpr Head kHeads[] = {{"ForSequenceClassification", "sequence classification", "nacre classify` or `nacre rerank"},
                           {"ForTokenClassification", "token classification", "nacre ner"},
                           {"ForQuestionAnswering", "question answering", "nacre qa"},
                           {"ForMaskedLM", "masked language modelling", "nacre fill-mask"},
                           {"ForCausalLM", "text generation", ""},
                           {"LMHeadModel", "text generation", ""},
                           {"WhisperForConditionalGeneration", "speech recognition", ""},
                           {"ForConditionalGeneration", "text generation", ""},
                           {"ForImageClassification", "image classification", "nacre run"},
                           {"ForCTC", "speech recognition", ""},
                           {"ForSpeechSeq2Seq", "speech recognition", ""},
                           {"Model", "embeddings", "nacre embed"}};

const Head* head_of(std::string_view class_name) {
  const auto found =
      std::find_if(std::begin(kHeads), std::end(kHeads), [&](const Head& head) { return class_name.ends_with(head.ending); });
  return found == std::end(kHeads) ? nullptr : found;
}

Result<std::string> class_name(const Json& config) {
  if (!config.has("architectures")) return std::string();
  const std::vector<std::string> names = NACRE_TRY(NACRE_TRY(config.at("architectures")).texts());
  return names.empty() ? std::string() : names[0];
}

/// {"0": "LABEL_0", ...}
Result<std::vector<std::string>> read_labels(const Json& config) {
  if (!config.has("id2label")) return std::vector<std::string>();
  const auto entries = NACRE_TRY(NACRE_TRY(config.at("id2label")).entries());
  std::vector<std::string> out(entries.size());
  for (const auto& [key, value] : entries) {
    const bool digits = !key.empty() && key.size() < 8 && std::all_of(key.begin(), key.end(), [](char c) { return c >= '0' && c <= '9'; });
    const size_t index = digits ? std::stoul(std::string(key)) : out.size();
    if (index >= out.size())
      return fail(ErrorCode::invalid_model, "id2label: key \"", key, "\", expected the numbers from 0 to ", out.size() - 1);
    out[index] = NACRE_TRY(value.text());
  }
  return out;
}

}  // namespace

Result<void> require_head(const Json& config, std::string_view head) {
  const std::string name = NACRE_TRY(class_name(config));
  if (name.empty() || name.ends_with(head)) return {};
  const Head* const given = head_of(name);
  const Head* const wanted = head_of(head);
  auto error = fail(ErrorCode::unsupported, "the directory holds ", name, ", a model for ", given ? given->task : "another task",
                    ", not for ", wanted ? wanted->task : head);
  if (given)
    error.error().suggest(given->command.empty() ? cat("there is no command for ", given->task, " yet")
                                                 : cat("use `", given->command, "` for it"));
  return error;
}

Result<TextModel> TextModel::load(const std::filesystem::path& directory, const TaskOptions& options, std::string_view head) {
  const ModelDirectory place = NACRE_TRY(ModelDirectory::open(directory.string()));
  Json config = NACRE_TRY(place.json_or_empty("config.json"));
  NACRE_TRY(require_head(config, head));
  std::vector<std::string> labels = NACRE_TRY(read_labels(config));
  const int64_t pad_id = NACRE_TRY(config.integer("pad_token_id", 0));
  const SentenceModules modules = NACRE_TRY(read_sentence_modules(place));
  const int64_t most = modules.max_length;
  return TextModel{.tokenizer = NACRE_TRY(Tokenizer::load(place.path())),
                   .session = Session::load(place.path(), options.session),
                   .config = std::move(config),
                   .labels = std::move(labels),
                   .max_length = options.max_length > 0 ? std::min(options.max_length, most) : most,
                   .pad_id = std::max<int64_t>(pad_id, 0),
                   .special_tokens = !modules.is_static,
                   .mask = NACRE_TRY(TokenizerSettings::read(place.path())).role_or("mask_token", ""),
                   .options = options};
}

Result<std::string> TextModel::mask_token() const {
  for (const std::string& token : {mask, std::string("[MASK]"), std::string("<mask>")})
    if (!token.empty() && tokenizer.find(token)) return token;
  return fail(ErrorCode::invalid_model, "the tokenizer has no mask token: neither one of its settings nor [MASK] nor <mask>");
}

EncodeOptions TextModel::encode_options() const {
  return {.add_special_tokens = special_tokens,
          .truncation = Truncation{.max_length = static_cast<size_t>(max_length)},
          .replace_invalid = options.replace_invalid};
}

Result<void> TextModel::run(std::span<const Encoding> encodings, const RunOptions& options_of_run,
                            FunctionRef<Result<void>(const Batch&)> take) const {
  std::vector<const Encoding*> pointers;
  for (const Encoding& encoding : encodings) pointers.push_back(&encoding);
  return run(std::span<const Encoding* const>(pointers), options_of_run, take);
}

Result<void> TextModel::run(std::span<const Encoding* const> encodings, const RunOptions& options_of_run,
                            FunctionRef<Result<void>(const Batch&)> take) const {
  const auto rows = config.integer("vocab_size", 0);
  const BatchRules rules{.most_tokens = options.batch_tokens, .pad_id = pad_id, .vocabulary = rows ? *rows : 0};
  return run_batches(session, encodings, rules, options_of_run, take);
}

Result<std::vector<std::vector<float>>> sequence_logits(const TextModel& model, std::span<const Encoding> encodings,
                                                        const RunOptions& run) {
  constexpr std::string_view names[] = {"logits"};
  const std::string output = NACRE_TRY(find_output(model.session, names, 2, "a row of logits for each text"));
  std::vector<std::vector<float>> out(encodings.size());
  NACRE_TRY(model.run(encodings, run, [&](const Batch& batch) -> Result<void> {
    const Tensor logits = NACRE_TRY(batch.output(output, 2));
    const auto width = static_cast<size_t>(logits.shape()[1]);
    for (size_t row = 0; row < batch.texts.size(); ++row) {
      const std::span<const float> values = logits.data<float>().subspan(row * width, width);
      out[batch.texts[row]].assign(values.begin(), values.end());
    }
    return {};
  }));
  return out;
}

std::string lower_cased(std::string_view text) {
  std::string out;
  if (find_invalid_utf8(text)) return std::string(text);  // the tokenizer says so
  for (const char* at = text.data(); at < text.data() + text.size();) {
    char32_t codes[kMostCodes];
    char bytes[4];
    const int count = lower_case(next_code(at), codes);
    for (int i = 0; i < count; ++i) out.append(bytes, static_cast<size_t>(encode_utf8(codes[i], bytes)));
  }
  return out;
}

std::vector<const Encoding*> windows_of(const Encoding& encoding) {
  std::vector<const Encoding*> out{&encoding};
  for (const Encoding& rest : encoding.overflow) out.push_back(&rest);
  return out;
}

}  // namespace nacre
