// Sequence classification, as transformers' text-classification pipeline.
// https://huggingface.co/docs/transformers/main_classes/pipelines#transformers.TextClassificationPipeline
#include "nacre/classify.h"

#include <algorithm>

#include "pipelines/scores.h"
#include "pipelines/text_model.h"

namespace nacre {

struct Classifier::State {
  TextModel model;
  ScoreFunction function;
  size_t top_k;
};

namespace {

std::vector<double> scores_of(std::span<const float> logits, ScoreFunction function) {
  if (function == ScoreFunction::softmax) return softmax(logits);
  std::vector<double> out(logits.begin(), logits.end());
  if (function == ScoreFunction::sigmoid) std::transform(out.begin(), out.end(), out.begin(), sigmoid);
  return out;
}

}  // namespace

ScoreFunction score_function(std::string_view problem_type, size_t labels) {
  if (problem_type == "regression") return ScoreFunction::none;
  return problem_type == "multi_label_classification" || labels == 1 ? ScoreFunction::sigmoid : ScoreFunction::softmax;
}

std::vector<LabelScore> classify_logits(std::span<const float> logits, std::span<const std::string> labels, ScoreFunction function,
                                        size_t top_k) {
  if (function == ScoreFunction::automatic) function = score_function("", logits.size());
  const std::vector<double> scores = scores_of(logits, function);
  std::vector<LabelScore> out;
  for (const size_t i : ranked(scores, top_k)) out.push_back({i < labels.size() ? labels[i] : cat("LABEL_", i), scores[i]});
  return out;
}

Classifier Classifier::load(const std::filesystem::path& directory, const ClassifyOptions& options) {
  TextModel model = unwrap(TextModel::load(directory, options.task, "ForSequenceClassification"));
  const std::string problem(unwrap(model.config.text("problem_type", "")));
  const size_t labels = model.labels.empty() ? 2 : model.labels.size();  // transformers' default of num_labels
  const ScoreFunction function = options.function == ScoreFunction::automatic ? score_function(problem, labels) : options.function;
  return Classifier(std::make_shared<State>(State{std::move(model), function, options.top_k}));
}

namespace {

std::vector<Classification> classify_inputs(const TextModel& model, std::span<const TextInput> inputs, ScoreFunction function, size_t top_k,
                                            const RunOptions& run) {
  const std::vector<Encoding> encodings = unwrap(model.encode(inputs));
  const auto logits = unwrap(sequence_logits(model, encodings, run));
  std::vector<Classification> out;
  for (size_t i = 0; i < logits.size(); ++i)
    out.push_back({classify_logits(logits[i], model.labels, function, top_k), !encodings[i].overflow.empty()});
  return out;
}

}  // namespace

std::vector<Classification> Classifier::classify(std::span<const std::string> texts, const RunOptions& run) const {
  std::vector<TextInput> inputs;
  for (const std::string& text : texts) inputs.push_back({text, {}});
  return classify_inputs(state_->model, inputs, state_->function, state_->top_k, run);
}

std::vector<Classification> Classifier::classify_pairs(std::span<const std::pair<std::string, std::string>> pairs,
                                                       const RunOptions& run) const {
  std::vector<TextInput> inputs;
  for (const auto& [first, second] : pairs) inputs.push_back({first, second});
  return classify_inputs(state_->model, inputs, state_->function, state_->top_k, run);
}

ScoreFunction Classifier::function() const noexcept { return state_->function; }

}  // namespace nacre
