// nacre qa --model DIR: answers to questions, as parts of a context.
#include "nacre/qa.h"

#include "cli/print.h"
#include "cli/task.h"

namespace nacre::cli {
namespace {

struct Options {
  TaskLineOptions lines;
  std::string question;
  AnswerRules rules;
  bool parts_of_words = false;
  int64_t stride = -1;
};

std::string json_answer(const Answer& answer) {
  return cat("\"answer\": ", json_quoted(answer.text), ", \"score\": ", json_number(answer.score), json_span(answer.span));
}

/// One answer stands in the line itself, several in a list, as the reference gives them.
TaskAnswer answer_of(const std::vector<Answer>& answers, size_t top_k) {
  TaskAnswer out;
  std::vector<std::string> list;
  for (const Answer& each : answers) {
    list.push_back("{" + json_answer(each) + "}");
    out.rows.push_back({each.text, fixed(each.score, 4), cat(each.span.begin), cat(each.span.end)});
  }
  out.members = top_k == 1 && answers.size() == 1 ? json_answer(answers[0]) : cat("\"answers\": ", json_list(list));
  return out;
}

Question question_of(const TaskLine& line, const Options& options) {
  const bool own = line.fields.has("question");
  if (!own && options.question.empty())
    throw Error(ErrorCode::invalid_argument, "the line has no \"question\"", "give --question, or lines with \"question\" and \"context\"");
  return {own ? text_of(line, {"question"}) : options.question, text_of(line, {"context", "text"})};
}

int answer_questions(const Options& options) {
  check_task(options.lines);
  AnswerRules rules = options.rules;
  rules.whole_words = !options.parts_of_words;
  const auto answerer =
      QuestionAnswerer::load(options.lines.model, {.task = options.lines.task(), .rules = rules, .stride = options.stride});
  return run_lines(options.lines, {"answer", "score", "start", "end"}, [&](std::span<const TaskLine> lines) {
    std::vector<Question> questions;
    for (const TaskLine& line : lines) questions.push_back(question_of(line, options));
    std::vector<TaskAnswer> out;
    for (const std::vector<Answer>& each : answerer.answer(questions)) out.push_back(answer_of(each, rules.top_k));
    return out;
  });
}

Action configure(Arguments& arguments) {
  auto options = std::make_shared<Options>();
  add_task_options(arguments, options->lines, "the contexts, for --question");
  arguments.option("--question", options->question, "asked of every line that has no \"question\"");
  arguments.option("--top-k", options->rules.top_k, "answers of a question, best first").positive();
  arguments.option("--max-answer-tokens", options->rules.max_answer_tokens, "tokens of the longest answer").positive();
  arguments.flag("--impossible", options->rules.impossible, "an empty answer, for \"not in the text\", takes part");
  arguments.flag("--parts-of-words", options->parts_of_words, "answers do not grow to whole words");
  arguments.option("--stride", options->stride, "tokens that neighbouring windows of a long context share; -1: 128, half a window at most");
  return [options] { return answer_questions(*options); };
}

}  // namespace

extern const Command command_qa;
const Command command_qa{.name = "qa",
                         .about = "Answers questions with parts of a text",
                         .example = "nacre qa --model DIR --question \"Where does she live?\" -- \"Angela lives in Berlin.\"",
                         .configure = configure};

}  // namespace nacre::cli
