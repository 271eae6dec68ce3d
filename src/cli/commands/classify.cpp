// nacre classify --model DIR: texts to labels.
#include "nacre/classify.h"

#include "cli/print.h"
#include "cli/task.h"

namespace nacre::cli {
namespace {

struct Options {
  TaskLineOptions lines;
  std::string function = "auto";
  size_t top_k = 0;
};

ScoreFunction function_named(const std::string& name) {
  if (name == "sigmoid") return ScoreFunction::sigmoid;
  if (name == "softmax") return ScoreFunction::softmax;
  return name == "none" ? ScoreFunction::none : ScoreFunction::automatic;
}

TaskAnswer answer_of(const Classification& result) {
  TaskAnswer out;
  std::vector<std::string> labels;
  for (const LabelScore& each : result.labels) {
    labels.push_back(cat("{\"label\": ", json_quoted(each.label), ", \"score\": ", json_number(each.score), "}"));
    out.rows.push_back({each.label, fixed(each.score, 4)});
  }
  out.members = cat("\"labels\": ", json_list(labels), result.truncated ? ", \"truncated\": true" : "");
  return out;
}

/// Lines with a "text_pair" are judged with it, all the others alone.
std::vector<TaskAnswer> answers_of(const Classifier& classifier, std::span<const TaskLine> lines) {
  std::vector<std::string> texts;
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const TaskLine& line : lines)
    if (line.fields.has("text_pair"))
      pairs.emplace_back(text_of(line), text_of(line, {"text_pair"}));
    else
      texts.push_back(text_of(line));
  const std::vector<Classification> of_texts = classifier.classify(texts), of_pairs = classifier.classify_pairs(pairs);
  std::vector<TaskAnswer> out;
  auto text = of_texts.begin(), pair = of_pairs.begin();
  for (const TaskLine& line : lines) out.push_back(answer_of(line.fields.has("text_pair") ? *pair++ : *text++));
  return out;
}

int classify(const Options& options) {
  check_task(options.lines);
  const Classifier classifier = Classifier::load(
      options.lines.model, {.task = options.lines.task(), .function = function_named(options.function), .top_k = options.top_k});
  return run_lines(options.lines, {"label", "score"}, [&](std::span<const TaskLine> lines) { return answers_of(classifier, lines); });
}

Action configure(Arguments& arguments) {
  auto options = std::make_shared<Options>();
  add_task_options(arguments, options->lines, "the texts");
  arguments.option("--top-k", options->top_k, "labels of a text, best first; 0: all");
  arguments.option("--function", options->function, "how logits become scores; auto: by the config, as transformers does")
      .one_of({"auto", "none", "sigmoid", "softmax"});
  return [options] { return classify(*options); };
}

}  // namespace

extern const Command command_classify;
const Command command_classify{.name = "classify",
                               .about = "Classifies texts: the labels of a sequence classifier with their scores",
                               .example = "echo '{\"id\": 1, \"text\": \"A wonderful film.\"}' | nacre classify --model DIR --top-k 1",
                               .configure = configure};

}  // namespace nacre::cli
