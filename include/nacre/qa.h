// Extractive question answering: a question and a text in, the parts of the text that answer it out.
//
//     auto answerer = nacre::QuestionAnswerer::load("models/distilbert-squad", {.rules = {.top_k = 3}});
//     std::vector<nacre::Question> questions{{"Where does she live?", "Angela was born in Hamburg and lives in Berlin."}};
//     for (const nacre::Answer& each : answerer.answer(questions)[0])
//       std::cout << each.score << " " << each.text << " at byte " << each.span.byte_begin << "\n";
//
#pragma once

#include <filesystem>
#include <memory>
#include <span>

#include "nacre/task.h"

namespace nacre {

/// Which spans count as answers.
struct AnswerRules {
  size_t top_k = 1;
  size_t max_answer_tokens = 15;
  bool impossible = false;  ///< "no answer" (an empty text) takes part with its own score
  bool whole_words = true;  ///< an answer that starts or ends inside a word grows to the word
};

struct QaOptions {
  TaskOptions task;  ///< max_length: of a window, question included; 0: at most 384
  AnswerRules rules;
  int64_t stride = -1;  ///< tokens that neighbouring windows of a long context share; -1: 128, half a window at most
};

struct Question {
  std::string question, context;
};

struct Answer {
  std::string text;
  double score = 0;
  TextSpan span;  ///< in the context
};

/// An extractive model with its tokenizer. Copies are the same model; it may be used from many threads at once.
class QuestionAnswerer {
 public:
  /// Loads a ...ForQuestionAnswering. Throws Error; its hint names the command for another model.
  static QuestionAnswerer load(const std::filesystem::path& directory, const QaOptions& options = {});

  /// The best answers of each question, best first. Long contexts run in overlapping windows: nothing is cut off.
  std::vector<std::vector<Answer>> answer(std::span<const Question> questions, const RunOptions& run = {}) const;

 private:
  struct State;
  explicit QuestionAnswerer(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

}  // namespace nacre
