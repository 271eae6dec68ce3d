// Zero-shot classification by entailment, as transformers' zero-shot-classification pipeline. https://arxiv.org/abs/1909.00161
#include "nacre/zero_shot.h"

#include <algorithm>

#include "pipelines/scores.h"
#include "pipelines/text_model.h"

namespace nacre {

struct ZeroShotClassifier::State {
  TextModel model;
  ZeroShotOptions options;
  EntailmentIds ids;
};

namespace {

bool begins_with_entail(std::string_view label) {
  constexpr std::string_view wanted = "entail";
  return label.size() >= wanted.size() &&
         std::equal(wanted.begin(), wanted.end(), label.begin(), [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b + 32 : b); });
}

std::string_view stripped(std::string_view text) {
  constexpr std::string_view spaces = " \t\r\n\v\f";
  const size_t begin = text.find_first_not_of(spaces);
  return begin == text.npos ? std::string_view() : text.substr(begin, text.find_last_not_of(spaces) + 1 - begin);
}

}  // namespace

EntailmentIds entailment_ids(std::span<const std::string> labels) {
  const auto found = std::find_if(labels.begin(), labels.end(), begins_with_entail);
  const size_t last = labels.empty() ? 0 : labels.size() - 1;
  const size_t entailment = found == labels.end() ? last : static_cast<size_t>(found - labels.begin());
  return {entailment, entailment == 0 ? last : 0};
}

std::vector<LabelScore> zero_shot_scores(std::span<const std::vector<float>> logits, std::span<const std::string> labels, EntailmentIds ids,
                                         bool multi_label) {
  std::vector<float> entailments;
  std::vector<double> scores;
  for (const std::vector<float>& row : logits) {
    if (std::max(ids.entailment, ids.contradiction) >= row.size())
      throw Error(ErrorCode::invalid_argument, cat(row.size(), " logits, the entailment's index is ", ids.entailment));
    const float pair[] = {row[ids.contradiction], row[ids.entailment]};
    entailments.push_back(pair[1]);
    scores.push_back(softmax(pair)[1]);
  }
  if (!multi_label && labels.size() > 1) scores = softmax(entailments);
  std::vector<LabelScore> out;
  for (const size_t i : ranked(scores)) out.push_back({labels[i], scores[i]});
  return out;
}

std::vector<std::string> split_labels(std::string_view list) {
  std::vector<std::string> out;
  for (size_t begin = 0; begin <= list.size();) {
    const size_t end = std::min(list.find(',', begin), list.size());
    const std::string_view label = stripped(list.substr(begin, end - begin));
    if (!label.empty()) out.emplace_back(label);
    begin = end + 1;
  }
  return out;
}

std::string hypothesis_for(std::string_view pattern, std::string_view label) {
  std::string out;
  size_t places = 0;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const std::string_view two = pattern.substr(i, 2);
    if (two == "{}") out += label, ++places;
    if (two == "{{" || two == "}}") out += pattern[i];
    if (two == "{}" || two == "{{" || two == "}}")
      ++i;
    else
      out += pattern[i];
  }
  if (places != 1)
    throw Error(ErrorCode::invalid_argument,
                cat("the hypothesis \"", pattern, "\" has ", places, " places {} for the label, expected one"));
  return out;
}

ZeroShotClassifier ZeroShotClassifier::load(const std::filesystem::path& directory, const ZeroShotOptions& options) {
  hypothesis_for(options.hypothesis, "x");  // throws before the model is loaded
  TextModel model = unwrap(TextModel::load(directory, options.task, "ForSequenceClassification"));
  if (model.labels.size() == 1)
    throw Error(ErrorCode::unsupported, "the model has one label, expected those of entailment",
                "use `nacre rerank` or `nacre classify` for it");
  const EntailmentIds ids = model.labels.empty() ? EntailmentIds{} : entailment_ids(model.labels);
  return ZeroShotClassifier(std::make_shared<State>(State{std::move(model), options, ids}));
}

std::vector<ZeroShotResult> ZeroShotClassifier::classify(std::span<const std::string> texts, std::span<const std::string> labels,
                                                         const RunOptions& run) const {
  if (labels.empty()) throw Error(ErrorCode::invalid_argument, "no labels to choose from");
  std::vector<std::string> hypotheses;
  for (const std::string& label : labels) hypotheses.push_back(hypothesis_for(state_->options.hypothesis, label));
  std::vector<TextInput> inputs;
  for (const std::string& text : texts)
    for (const std::string& hypothesis : hypotheses) inputs.push_back({text, hypothesis});
  EncodeOptions options = state_->model.encode_options();
  options.truncation->strategy = Truncation::Strategy::only_first;  // a hypothesis is never cut
  const std::vector<Encoding> encodings = unwrap(state_->model.tokenizer.encode_batch(inputs, options));
  const auto logits = unwrap(sequence_logits(state_->model, encodings, run));
  std::vector<ZeroShotResult> out;
  for (size_t begin = 0; begin < logits.size(); begin += labels.size()) {
    const std::span<const std::vector<float>> rows(logits.data() + begin, labels.size());
    const bool truncated = std::any_of(encodings.begin() + static_cast<std::ptrdiff_t>(begin),
                                       encodings.begin() + static_cast<std::ptrdiff_t>(begin + labels.size()),
                                       [](const Encoding& each) { return !each.overflow.empty(); });
    out.push_back({zero_shot_scores(rows, labels, state_->ids, state_->options.multi_label), truncated});
  }
  return out;
}

}  // namespace nacre
