// Named entities: texts in, the people, places and whatever else the model labels out, with their places in the text.
//
//     auto recognizer = nacre::EntityRecognizer::load("models/bert-base-NER", {.aggregation = nacre::Aggregation::first});
//     std::vector<std::string> texts{"Angela Merkel met Emmanuel Macron in Saarbruecken."};
//     for (const nacre::Entity& each : recognizer.recognize(texts)[0])
//       std::cout << each.label << " " << each.word << " at byte " << each.span.byte_begin << "\n";
//
#pragma once

#include <filesystem>
#include <memory>
#include <span>

#include "nacre/task.h"

namespace nacre {

/// How labels of tokens become labels of words and groups. https://huggingface.co/docs/transformers/main_classes/pipelines
enum class Aggregation : uint8_t {
  none,     ///< every token for itself, with its whole label ("B-PER")
  simple,   ///< neighbours with the same label are one entity
  first,    ///< a word has the label of its first token
  average,  ///< a word has the label with the best average of its tokens' scores
  max,      ///< a word has the label of its token with the best score
};

struct NerOptions {
  TaskOptions task;
  Aggregation aggregation = Aggregation::simple;
  std::vector<std::string> ignored{"O"};  ///< labels that are left out
  int64_t stride = -1;                    ///< tokens that neighbouring windows of a long text share; -1: a quarter of a window
};

struct Entity {
  std::string label;  ///< without "B-" and "I-", unless nothing is aggregated
  double score = 0;
  std::string word;  ///< as the tokenizer puts its tokens together; the text itself is at `span`
  TextSpan span;
  int64_t token = -1;  ///< its position, when nothing is aggregated
};

/// A token classifier with its tokenizer. Copies are the same model; it may be used from many threads at once.
class EntityRecognizer {
 public:
  /// Loads a ...ForTokenClassification. Throws Error; its hint names the command for another model.
  static EntityRecognizer load(const std::filesystem::path& directory, const NerOptions& options = {});

  /// Long texts run in overlapping windows: nothing is cut off.
  std::vector<std::vector<Entity>> recognize(std::span<const std::string> texts, const RunOptions& run = {}) const;

 private:
  struct State;
  explicit EntityRecognizer(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

}  // namespace nacre
