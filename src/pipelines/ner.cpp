// Token classification over long texts, as transformers' token-classification pipeline with a stride.
// https://huggingface.co/docs/transformers/main_classes/pipelines#transformers.TokenClassificationPipeline
#include "nacre/ner.h"

#include <algorithm>

#include "pipelines/entities.h"
#include "pipelines/text_model.h"
#include "text/unicode.h"

namespace nacre {

struct EntityRecognizer::State {
  TextModel model;
  NerOptions options;
  std::string output;
};

namespace {

/// Windows of all texts in a row, each with its text's number.
struct Windows {
  std::vector<const Encoding*> encodings;
  std::vector<size_t> texts;
};

Windows windows_of_all(const std::vector<Encoding>& encodings) {
  Windows out;
  for (size_t text = 0; text < encodings.size(); ++text)
    for (const Encoding* window : windows_of(encodings[text])) out.encodings.push_back(window), out.texts.push_back(text);
  return out;
}

Result<std::vector<std::vector<float>>> token_logits(const TextModel& model, const std::string& output, const Windows& windows,
                                                     const RunOptions& run) {
  std::vector<std::vector<float>> out(windows.encodings.size());
  NACRE_TRY(model.run(std::span<const Encoding* const>(windows.encodings), run, [&](const Batch& batch) -> Result<void> {
    const Tensor logits = NACRE_TRY(batch.output(output, 3));
    const auto row_size = static_cast<size_t>(batch.length * logits.shape()[2]);
    for (size_t row = 0; row < batch.texts.size(); ++row) {
      const size_t window = batch.texts[row];
      const size_t used = windows.encodings[window]->size() * static_cast<size_t>(logits.shape()[2]);
      const std::span<const float> values = logits.data<float>().subspan(row * row_size, used);
      out[window].assign(values.begin(), values.end());
    }
    return {};
  }));
  return out;
}

}  // namespace

EntityRecognizer EntityRecognizer::load(const std::filesystem::path& directory, const NerOptions& options) {
  TextModel model = unwrap(TextModel::load(directory, options.task, "ForTokenClassification"));
  constexpr std::string_view names[] = {"logits"};
  std::string output = unwrap(find_output(model.session, names, 3, "logits for each token"));
  return EntityRecognizer(std::make_shared<State>(State{std::move(model), options, std::move(output)}));
}

std::vector<std::vector<Entity>> EntityRecognizer::recognize(std::span<const std::string> texts, const RunOptions& run) const {
  const auto& [model, options, output] = *state_;
  std::vector<std::string> readable;  // offsets count in the text with replacements
  if (options.task.replace_invalid)
    for (const std::string& text : texts) readable.push_back(replace_invalid_utf8(text));
  if (options.task.replace_invalid) texts = readable;
  std::vector<TextInput> inputs;
  for (const std::string& text : texts) inputs.push_back({text, {}});
  EncodeOptions encode = model.encode_options();
  encode.truncation->stride = static_cast<size_t>(options.stride >= 0 ? options.stride : model.max_length / 4);
  const std::vector<Encoding> encodings = unwrap(model.tokenizer.encode_batch(inputs, encode));
  const Windows windows = windows_of_all(encodings);
  const auto logits = unwrap(token_logits(model, output, windows, run));
  const EntityRules rules{model.tokenizer, model.labels, options.aggregation, options.ignored};
  std::vector<std::vector<Entity>> out(texts.size());
  for (size_t i = 0; i < windows.encodings.size(); ++i) {
    const size_t text = windows.texts[i];
    std::vector<Entity> found = unwrap(entities_of(rules, texts[text], *windows.encodings[i], logits[i]));
    std::move(found.begin(), found.end(), std::back_inserter(out[text]));
  }
  for (size_t text = 0; text < texts.size(); ++text)
    if (!encodings[text].overflow.empty()) out[text] = merge_windows(std::move(out[text]));
  return out;
}

}  // namespace nacre
