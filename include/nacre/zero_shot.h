// Zero-shot classification: any labels, by asking an entailment model whether the text implies "This example is LABEL."
//
//     auto classifier = nacre::ZeroShotClassifier::load("models/nli-deberta-v3-small");
//     std::vector<std::string> texts{"The new phone has a better camera."}, labels{"sports", "technology"};
//     for (const nacre::ZeroShotResult& each : classifier.classify(texts, labels))
//       std::cout << each.labels[0].label << " " << each.labels[0].score << "\n";
//
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

#include "nacre/task.h"

namespace nacre {

struct ZeroShotOptions {
  TaskOptions task;
  std::string hypothesis = "This example is {}.";  ///< {} is the label's place; "{{" stands for "{"
  bool multi_label = false;                        ///< each label for itself instead of one among them
};

struct ZeroShotResult {
  std::vector<LabelScore> labels;  ///< best first
  bool truncated = false;
};

/// Where an entailment model's logits have what.
struct EntailmentIds {
  size_t entailment = 2, contradiction = 0;
};
/// The first label that begins with "entail" in any case, else the last; the contradiction is the last when entailment is the first.
EntailmentIds entailment_ids(std::span<const std::string> labels);

/// `logits[i]` judges the i-th label. One label: as with `multi_label`, softmax of contradiction and entailment.
std::vector<LabelScore> zero_shot_scores(std::span<const std::vector<float>> logits, std::span<const std::string> labels, EntailmentIds ids,
                                         bool multi_label);

/// "a, b ,c" to its parts without the spaces around, empty ones left out.
std::vector<std::string> split_labels(std::string_view list);

/// The hypothesis with the label in its place. Throws Error (invalid_argument) when there is none or more than one.
std::string hypothesis_for(std::string_view pattern, std::string_view label);

/// An entailment model with its tokenizer. Copies are the same model; it may be used from many threads at once.
class ZeroShotClassifier {
 public:
  /// Loads a ...ForSequenceClassification trained on entailment. Throws Error; its hint names the command for another model.
  static ZeroShotClassifier load(const std::filesystem::path& directory, const ZeroShotOptions& options = {});

  std::vector<ZeroShotResult> classify(std::span<const std::string> texts, std::span<const std::string> labels,
                                       const RunOptions& run = {}) const;

 private:
  struct State;
  explicit ZeroShotClassifier(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

}  // namespace nacre
