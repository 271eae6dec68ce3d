// Text classification: texts in, labels with scores out, best first.
//
//     auto classifier = nacre::Classifier::load("models/sentiment", {.top_k = 1});
//     std::vector<std::string> texts{"A wonderful film.", "I want my money back."};
//     for (const nacre::Classification& each : classifier.classify(texts))
//       std::cout << each.labels[0].label << " " << each.labels[0].score << "\n";
//
#pragma once

#include <filesystem>
#include <memory>
#include <span>

#include "nacre/task.h"

namespace nacre {

/// How logits become scores.
enum class ScoreFunction : uint8_t {
  automatic,  ///< as transformers chooses: none for regression, sigmoid for several labels at once or a single one, else softmax
  none,
  sigmoid,
  softmax,
};

struct ClassifyOptions {
  TaskOptions task;
  ScoreFunction function = ScoreFunction::automatic;
  size_t top_k = 0;  ///< labels of a text, best first; 0: all
};

struct Classification {
  std::vector<LabelScore> labels;
  bool truncated = false;  ///< the text was longer than the model takes
};

/// Logits to scores, sorted from the best on; equal ones keep their order. `automatic` is softmax here, or sigmoid of a single logit.
std::vector<LabelScore> classify_logits(std::span<const float> logits, std::span<const std::string> labels, ScoreFunction function,
                                        size_t top_k = 0);

/// What `automatic` means for a config's "problem_type" ("" where it has none).
ScoreFunction score_function(std::string_view problem_type, size_t labels);

/// A sequence classifier with its tokenizer. Copies are the same model; it may be used from many threads at once.
class Classifier {
 public:
  /// Loads a directory with config.json (a ...ForSequenceClassification), weights and tokenizer. Throws Error; for a model of
  /// another task its hint names the command.
  static Classifier load(const std::filesystem::path& directory, const ClassifyOptions& options = {});

  std::vector<Classification> classify(std::span<const std::string> texts, const RunOptions& run = {}) const;
  /// Two texts that are judged together (entailment, paraphrase).
  std::vector<Classification> classify_pairs(std::span<const std::pair<std::string, std::string>> pairs, const RunOptions& run = {}) const;

  ScoreFunction function() const noexcept;

 private:
  struct State;
  explicit Classifier(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

}  // namespace nacre
